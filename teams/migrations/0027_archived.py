from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0026_former_name")]

    operations = [
        migrations.AddField("organization", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("team", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
    ]
