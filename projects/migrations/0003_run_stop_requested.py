from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_run_told_by_its_sdk")]

    operations = [
        migrations.AddField("run", "stop_requested_at", models.DateTimeField(blank=True, null=True)),
    ]
