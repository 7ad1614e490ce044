import common.data.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [
        migrations.AddField("run", "notes", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField("run", "program", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField(
            "run", "host", models.CharField(blank=True, default="", max_length=255), preserve_default=False
        ),
        migrations.AddField(
            "run", "commit", models.CharField(blank=True, default="", max_length=64), preserve_default=False
        ),
        migrations.AddField("run", "telemetry", common.data.fields.JSONTextField(default=dict, editable=False)),
        migrations.AddField("run", "told_summary", common.data.fields.JSONTextField(editable=False, null=True)),
    ]
