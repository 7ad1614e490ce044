"""The Secret model: a name, and a value that is encrypted at rest."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from secrets_vault.encrypted_field import SecretField
from teams.models import Team, User

secret_name = RegexValidator(
    r"^[A-Za-z_][A-Za-z0-9_]{0,63}\Z",
    "%(value)r is no usable name: use up to 64 letters, digits and underscores, not starting with a digit.",
)


class SecretManager(models.Manager["Secret"]):
    """Leaves the values where they are: only `services.reveal` asks for them."""

    def get_queryset(self) -> models.QuerySet[Secret]:
        return super().get_queryset().defer("value", "previous_value")


class Secret(models.Model):
    """A token or password of a team. Its value is written, used and never shown."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=64, validators=[secret_name])
    value = SecretField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    # While a receiver still checks signatures with the old value; taken out when that time is over.
    previous_value = SecretField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False, serialize=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = SecretManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_secret_per_team_and_name")]

    def __str__(self) -> str:
        return self.name
