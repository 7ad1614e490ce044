from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0028_hidden_run")]

    operations = [
        migrations.AddField("project", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
    ]
