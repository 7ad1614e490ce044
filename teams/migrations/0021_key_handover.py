from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0020_move_sessions")]

    operations = [
        migrations.AddField("apikey", "handover", models.CharField(max_length=64, null=True, editable=False)),
    ]
