from django.db import migrations, models
from django.db.models import Q

import common.data.fields


class Migration(migrations.Migration):
    dependencies = [("projects", "0013_run_first_metrics")]

    operations = [
        migrations.AddField("run", "is_restarting", models.BooleanField(default=False, editable=False)),
        migrations.AddField("run", "reached", common.data.fields.JSONTextField(default=dict, editable=False)),
        migrations.AddField("run", "differing_rows", common.data.fields.JSONTextField(default=dict, editable=False)),
        migrations.AddField("run", "writers", common.data.fields.JSONTextField(default=dict, editable=False)),
        migrations.AddField("run", "branch", common.data.fields.JSONTextField(default=dict, editable=False)),
        migrations.AddField("run", "positions_skipped", models.PositiveBigIntegerField(default=0, editable=False)),
        migrations.AddField("historychunk", "is_copy", models.BooleanField(null=True)),
        migrations.AddField("historychunk", "writer", models.CharField(max_length=64, null=True)),
        migrations.AddField("historychunk", "sent_offset", models.PositiveBigIntegerField(null=True)),
        # Filled by the next one.
        migrations.AddField("historychunk", "lowest", models.FloatField(null=True)),
        migrations.AddField("historychunk", "highest", models.FloatField(null=True)),
        migrations.AddIndex(
            "historychunk", models.Index(fields=["run", "stream", "lowest", "highest"], name="chunk_steps")
        ),
        migrations.AddIndex(
            "historychunk",
            models.Index(
                fields=["run", "stream", "writer", "sent_offset"],
                condition=Q(sent_offset__isnull=False),
                name="chunk_sent",
            ),
        ),
    ]
