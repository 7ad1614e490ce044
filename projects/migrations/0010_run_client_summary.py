from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_run_by_name")]

    operations = [migrations.RenameField("run", "told_summary", "client_summary")]
