from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0025_rewound_rows")]

    operations = [
        migrations.AddField("historychunk", "packed", models.BinaryField(null=True)),
        migrations.AddField("historychunk", "first_part", models.BigIntegerField(null=True)),
        migrations.AddField("historychunk", "part_count", models.PositiveIntegerField(null=True)),
        migrations.AddField("historychunk", "sample", models.BinaryField(null=True)),
    ]
