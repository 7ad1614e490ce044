from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0025_membership_last_seen")]

    operations = [
        migrations.CreateModel(
            name="FormerName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("owner_id", models.BigIntegerField(default=0)),
                ("name", models.CharField(max_length=128)),
                ("object_id", models.BigIntegerField()),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "owner_id", "name"), name="one_former_name_per_kind_and_owner"
                    )
                ],
                "indexes": [models.Index(fields=["kind", "object_id"], name="former_names_of")],
            },
        ),
    ]
