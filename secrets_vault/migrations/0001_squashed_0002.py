"""Secrets vault as they stand after 0002_previous_value: what an empty database runs in place of all of these."""

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import secrets_vault.encrypted_field


class Migration(migrations.Migration):
    replaces = [("secrets_vault", "0001_initial"), ("secrets_vault", "0002_previous_value")]

    initial = True

    dependencies = [
        ("teams", "0001_initial"),
        ("teams", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Secret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z_][A-Za-z0-9_]{0,63}\\Z",
                                "%(value)r is no usable name: use up to 64 letters, digits and underscores, not starting with a digit.",
                            )
                        ],
                    ),
                ),
                ("value", secrets_vault.encrypted_field.SecretField(serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("previous_value", secrets_vault.encrypted_field.SecretField(editable=False, null=True, serialize=False)),
                ("previous_until", models.DateTimeField(editable=False, null=True, serialize=False)),
                ("last_used_at", models.DateTimeField(editable=False, null=True, verbose_name="last used")),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="teams.team"
                    ),
                ),
                (
                    "updated_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("team", "name"), name="one_secret_per_team_and_name")],
            },
        ),
    ]
