"""The Integration model: one row for each that a team set up, whatever its kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from common.data.fields import JSONTextField
from secrets_vault.encrypted_field import SecretField
from teams.models import Team, User

integration_name = RegexValidator(
    r"^[\w.-]+( +[\w.-]+)*\Z",
    "%(value)r is no usable name: use up to 80 letters, digits, hyphens, underscores, dots and single words "
    "between spaces.",
)


Row = TypeVar("Row", bound="Integration")


class IntegrationManager(models.Manager[Row]):
    """Leaves what is secret where it is: only the provider asks for it."""

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().defer("private")


class RowsOfKind(IntegrationManager[Row]):
    """The rows of one kind: where these are asked for there are no others."""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self._key = key

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().filter(kind=self._key)


class Integration(models.Model):
    """An integration of a team. `settings` is what the form of its kind says; secrets of the team stand in it by name.

    `private` holds the settings that are secrets in themselves, such as an address with a token in it: JSON, encrypted.
    `failing_since`: nothing worked from then on. `former_id`: by which number addresses of pages knew it before all
    kinds shared this table.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="integrations")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80, validators=[integration_name])
    settings = JSONTextField(default=dict, blank=True)
    private = SecretField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    former_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)

    objects: ClassVar[IntegrationManager[Integration]] = IntegrationManager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "kind", "name"], name="one_integration_per_team_kind_and_name")
        ]

    def __str__(self) -> str:
        return self.name

    def hide(self, values: Mapping[str, Any]) -> None:
        """Keep these settings encrypted, beside those that are kept already."""
        if values:
            known = opened(self.private) if self.pk else {}
            self.private = json.dumps({**known, **values})  # type: ignore[assignment]  # untyped by its makers


def opened(private: Any) -> dict[str, str]:
    """Give the secret settings in plain text."""
    return {} if not private else {str(name): str(value) for name, value in json.loads(str(private)).items()}
