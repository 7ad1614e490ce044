"""Integrations as they stand after 0007_typed_rows: what an empty database runs in place of all of these."""

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.data.fields
import integrations.typed_rows
import secrets_vault.encrypted_field


class Migration(migrations.Migration):
    replaces = [
        ("integrations", "0001_initial"),
        ("integrations", "0002_slack"),
        ("integrations", "0003_webhook_method_headers_and_limits"),
        ("integrations", "0004_integration"),
        ("integrations", "0005_integration_former_id"),
        ("integrations", "0006_one_table_of_integrations"),
        ("integrations", "0007_typed_rows"),
    ]

    initial = True

    dependencies = [
        ("teams", "0001_initial"),
        ("teams", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Integration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                (
                    "name",
                    models.CharField(
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\w.-]+( +[\\w.-]+)*\\Z",
                                "%(value)r is no usable name: use up to 80 letters, digits, hyphens, underscores, dots and single words between spaces.",
                            )
                        ],
                    ),
                ),
                ("settings", common.data.fields.JSONTextField(blank=True, default=dict)),
                ("private", secrets_vault.encrypted_field.SecretField(blank=True, editable=False, null=True, serialize=False)),
                ("enabled", models.BooleanField(default=True)),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("disabled_reason", models.CharField(blank=True, editable=False, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("former_id", models.PositiveBigIntegerField(blank=True, editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="integrations", to="teams.team"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "kind", "name"), name="one_integration_per_team_kind_and_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SlackWorkspace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slack_id", models.CharField(max_length=32, verbose_name="Slack's id")),
                ("name", models.CharField(max_length=255)),
                ("token", secrets_vault.encrypted_field.SecretField(serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slack_workspaces", to="teams.team"
                    ),
                ),
            ],
            options={
                "verbose_name": "Slack workspace",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "slack_id"), name="one_slack_workspace_per_team_and_slack_id"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SlackChannel",
            fields=[],
            options={
                "verbose_name": "Slack channel",
                "verbose_name_plural": "Slack channels",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=(integrations.typed_rows.TypedRow, "integrations.integration"),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=(integrations.typed_rows.TypedRow, "integrations.integration"),
        ),
    ]
