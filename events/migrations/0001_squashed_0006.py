"""Events as they stand after 0006_metric_count: what an empty database runs in place of all of these."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import common.data.fields


class Migration(migrations.Migration):
    replaces = [
        ("events", "0001_initial"),
        ("events", "0002_event_of_a_life"),
        ("events", "0003_event_leased"),
        ("events", "0004_subscription_subscribers"),
        ("events", "0005_worker_heartbeat"),
        ("events", "0006_metric_count"),
    ]

    initial = True

    dependencies = [
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="WakeUp",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("requested", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="MetricCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("labels", models.CharField(max_length=200)),
                ("value", models.FloatField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "labels"), name="one_count_per_name_and_labels")
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("scope", models.CharField(max_length=64)),
                ("subscribers", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "scope"), name="one_subscription_per_kind_and_scope")
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("stream", models.CharField(max_length=64)),
                ("scopes", common.data.fields.JSONTextField(default=list)),
                ("data", common.data.fields.JSONTextField(default=dict)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("depth", models.PositiveSmallIntegerField(default=0)),
                ("occurred_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("lease", models.CharField(blank=True, max_length=32)),
                ("claims", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "team",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at__isnull", True)), fields=["id"], name="event_waiting"
                    ),
                    models.Index(
                        condition=models.Q(("leased_until__isnull", False), ("processed_at__isnull", True)),
                        fields=["leased_until"],
                        name="event_leased",
                    ),
                    models.Index(fields=["kind", "occurred_at"], name="event_of_kind"),
                    models.Index(
                        condition=models.Q(("kind", "run.state")), fields=["stream", "id"], name="event_of_a_life"
                    ),
                ],
            },
        ),
    ]
