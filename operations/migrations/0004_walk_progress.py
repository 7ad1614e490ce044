from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operations", "0003_host_keys")]

    operations = [
        migrations.CreateModel(
            name="WalkProgress",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("after", models.BigIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
            ],
        ),
    ]
