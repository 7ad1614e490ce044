from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0005_worker_heartbeat")]

    operations = [
        migrations.CreateModel(
            name="MetricCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("labels", models.CharField(max_length=200)),
                ("value", models.FloatField(default=0)),
            ],
        ),
        migrations.AddConstraint(
            model_name="metriccount",
            constraint=models.UniqueConstraint(fields=("name", "labels"), name="one_count_per_name_and_labels"),
        ),
    ]
