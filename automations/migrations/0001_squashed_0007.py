"""Automations as they stand after 0007_states_by_their_terms: what an empty database runs in place of all of these."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import automations.models
import common.data.fields


class Migration(migrations.Migration):
    replaces = [
        ("automations", "0001_initial"),
        ("automations", "0002_execution_leased"),
        ("automations", "0003_redelivery"),
        ("automations", "0004_history_by_state"),
        ("automations", "0005_readable_addresses"),
        ("automations", "0006_field_terms"),
        ("automations", "0007_states_by_their_terms"),
    ]

    initial = True

    dependencies = [
        ("artifacts", "0001_initial"),
        ("events", "0001_initial"),
        ("projects", "0001_initial"),
        ("teams", "0001_initial"),
        ("teams", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Automation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True)),
                ("enabled", models.BooleanField(default=True)),
                ("scope_type", models.CharField(default="project", max_length=32)),
                ("scope_name", models.CharField(max_length=400)),
                ("scope", models.CharField(max_length=64)),
                ("event_type", models.CharField(max_length=40)),
                ("conditions", common.data.fields.JSONTextField(default=list)),
                ("action_type", models.CharField(max_length=40)),
                ("action", common.data.fields.JSONTextField(default=dict)),
                ("target", models.CharField(blank=True, db_index=True, max_length=64)),
                ("cooldown_seconds", models.PositiveIntegerField(default=86400)),
                ("rate_limit", models.PositiveIntegerField(default=60)),
                ("notify_on_recovery", models.BooleanField(default=False)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "collection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="automations",
                        to="artifacts.collection",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="automations",
                        to="teams.organization",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="automations",
                        to="projects.project",
                    ),
                ),
                (
                    "registry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="automations",
                        to="artifacts.registry",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="automations", to="teams.team"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at__isnull", True), ("enabled", True)),
                        fields=["scope", "event_type"],
                        name="automation_listening",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("scope", "name"),
                        name="one_automation_per_scope_and_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Execution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "delivery_id",
                    models.CharField(default=automations.models.new_delivery_id, max_length=40, unique=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                            ("suppressed", "Suppressed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("why", models.TextField(blank=True)),
                ("count", models.PositiveIntegerField(default=1)),
                ("recovered", models.BooleanField(default=False)),
                ("occurred_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("subject_label", models.CharField(blank=True, max_length=300)),
                ("subject_url", models.CharField(blank=True, max_length=500)),
                ("variables", common.data.fields.JSONTextField(default=dict)),
                ("action_type", models.CharField(max_length=40)),
                ("action", common.data.fields.JSONTextField(default=dict)),
                ("target", models.CharField(blank=True, max_length=64)),
                ("attempts_made", models.PositiveSmallIntegerField(default=0)),
                ("attempts_before", models.PositiveSmallIntegerField(default=0)),
                ("losses", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("lease", models.CharField(blank=True, max_length=32)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "automation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="executions",
                        to="automations.automation",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["target", "next_attempt_at", "id"],
                        name="execution_pending",
                    ),
                    models.Index(fields=["target", "-id"], name="execution_of_target"),
                    models.Index(
                        condition=models.Q(("leased_until__isnull", False)),
                        fields=["leased_until"],
                        name="execution_leased",
                    ),
                    models.Index(fields=["subject_url", "-id"], name="execution_about"),
                    models.Index(fields=["automation", "-id", "state"], name="execution_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("automation", "event", "recovered"), name="one_execution_per_automation_and_event"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WindowState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=64)),
                ("position", models.PositiveBigIntegerField()),
                ("values", common.data.fields.JSONTextField(default=list)),
                (
                    "automation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="window_states",
                        to="automations.automation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("automation", "subject"), name="one_window_state_per_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Cooldown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=64)),
                ("fired_at", models.DateTimeField()),
                ("holding", models.BooleanField(default=False)),
                (
                    "automation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cooldowns",
                        to="automations.automation",
                    ),
                ),
                (
                    "suppressed",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="automations.execution",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("automation", "subject"), name="one_cooldown_per_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("started_at", models.DateTimeField()),
                ("seconds", models.FloatField(default=0)),
                ("ok", models.BooleanField(default=False)),
                ("detail", models.CharField(max_length=500)),
                ("request", common.data.fields.JSONTextField(null=True)),
                ("reply", common.data.fields.JSONTextField(null=True)),
                (
                    "execution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="automations.execution"
                    ),
                ),
            ],
            options={
                "ordering": ["number", "id"],
                "indexes": [models.Index(fields=["execution", "number"], name="attempt_in_order")],
            },
        ),
    ]
