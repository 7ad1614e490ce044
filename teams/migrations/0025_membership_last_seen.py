from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0024_deletion_longer_name")]

    operations = [
        migrations.AddField("membership", "last_seen_at", models.DateTimeField(editable=False, null=True)),
    ]
