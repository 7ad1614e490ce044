"""The Webhook model: a typed view of an integration row, and what it may send with."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.data.fields import JSONTextField
from integrations.models import Integration, RowsOfKind
from integrations.typed_rows import Setting, TypedRow
from teams.models import Team

webhook_name = RegexValidator(
    r"^[-\w]+( +[-\w]+)*\Z",
    "%(value)r is no usable name: use up to 64 letters, digits, hyphens, underscores and single words between spaces.",
)


METHODS = [(name, name) for name in ("POST", "PUT", "PATCH")]
LONGEST_TIMEOUT = 30
_NAME = models.CharField(max_length=64, validators=[webhook_name])
_NAME.set_attributes_from_name("name")


class WebhookSharing(models.Model):
    """Whether people of the team may use its webhooks in other teams of theirs. Without a row they may."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="+")
    allowed = models.BooleanField(default=True)

    class Meta:
        app_label = "integrations"

    def __str__(self) -> str:
        return f"{self.team}: {self.allowed}"


class Webhook(TypedRow, Integration):
    """An address that is called. Its token, signing key and what else it may use are secrets of the team, by name.

    Where `timeout_seconds` and `retry_seconds` are empty they are the installation's.
    """

    of_kind = "webhook"

    # How long it may be is for `addresses.parse` to say, as all else of it: in the same words at every door.
    url = Setting(models.TextField(_("URL")))
    # Names of secrets of the team: one is sent as Authorization: Bearer, the other signs the body.
    access_token = Setting(models.CharField(max_length=64, blank=True))
    secret = Setting(models.CharField(max_length=64, blank=True))
    method = Setting(models.CharField(max_length=5, choices=METHODS, default="POST"))
    headers = Setting(JSONTextField(default=dict, blank=True))
    granted_secrets = Setting(JSONTextField(default=list, blank=True))
    timeout_seconds = Setting(
        models.PositiveSmallIntegerField(
            _("timeout"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT)]
        )
    )
    retry_seconds = Setting(JSONTextField(default=list, blank=True))
    preset = Setting(models.CharField(max_length=40, blank=True))

    objects: ClassVar[RowsOfKind[Webhook]] = RowsOfKind(of_kind)  # type: ignore[assignment]

    class Meta:
        proxy = True
        app_label = "integrations"
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    @classmethod
    def name_field(cls) -> models.Field[Any, Any]:
        return _NAME

    @property
    def granted(self) -> list[str]:
        """The names of the secrets that what is sent here may use."""
        return list(dict.fromkeys(name for name in (self.access_token, self.secret, *self.granted_secrets) if name))
