"""A background job of archives knows the API key that asked for it. Processes of the version before say none."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("operations", "0005_archive_job"),
        ("teams", "0024_deletion_longer_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="archivejob",
            name="key",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="teams.apikey"
            ),
        ),
        migrations.AddField(
            model_name="archivejob",
            name="is_by_key",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
