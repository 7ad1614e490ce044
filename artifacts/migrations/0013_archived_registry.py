from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0012_content_of_deleted_version")]

    operations = [
        migrations.AddField("registry", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
    ]
