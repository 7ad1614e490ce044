from __future__ import annotations

import common.data.names
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0015_fill_chunk_steps")]

    operations = [
        migrations.AlterField(
            "project", "name", models.CharField(max_length=128, validators=[common.data.names.project_name])
        ),
        migrations.AlterField("run", "name", models.CharField(max_length=128, validators=[common.data.names.run_id])),
    ]
