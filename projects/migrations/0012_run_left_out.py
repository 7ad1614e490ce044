from django.db import migrations

import common.data.fields


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_run_bytes_logged")]

    operations = [
        migrations.AddField("run", "left_out", common.data.fields.JSONTextField(default=dict, editable=False)),
    ]
