import common.data.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_run_files")]

    operations = [
        migrations.AddField("run", "line_bases", common.data.fields.JSONTextField(default=dict, editable=False)),
    ]
