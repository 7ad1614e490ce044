"""Where an action goes. A team sets these up once, and many automations use them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.fields import JSONTextField
from integrations.slack_models import SlackChannel, SlackWorkspace
from teams.models import Team, User

__all__ = ["SlackChannel", "SlackWorkspace", "Webhook", "webhook_name"]

webhook_name = RegexValidator(
    r"^[-\w]+( +[-\w]+)*\Z",
    "%(value)r is no usable name: use up to 64 letters, digits, hyphens, underscores and single words between spaces.",
)


METHODS = [(name, name) for name in ("POST", "PUT", "PATCH")]
LONGEST_TIMEOUT = 30


class Webhook(models.Model):
    """An address that is called. Its token, signing key and what else it may use are secrets of the team, by name.

    Where `timeout_seconds` and `retry_seconds` are empty they are the installation's. `failing_since`: nothing worked
    from then on.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=64, validators=[webhook_name])
    # How long it may be is for `addresses.parse` to say, as all else of it: in the same words at every door.
    url = models.TextField(_("URL"))
    access_token = models.CharField(
        max_length=64, blank=True, help_text=_("Name of a team secret; sent as Authorization: Bearer.")
    )
    secret = models.CharField(
        max_length=64,
        blank=True,
        help_text=_("Name of a team secret; signs the body, and payloads may use it by its name."),
    )
    method = models.CharField(max_length=5, choices=METHODS, default="POST")
    headers = JSONTextField(default=dict, blank=True)
    granted_secrets = JSONTextField(default=list, blank=True)
    timeout_seconds = models.PositiveSmallIntegerField(
        _("timeout"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT)]
    )
    retry_seconds = JSONTextField(default=list, blank=True)
    preset = models.CharField(max_length=40, blank=True)
    enabled = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_webhook_per_team_and_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def granted(self) -> list[str]:
        """The names of the secrets that what is sent here may use."""
        return list(dict.fromkeys(name for name in (self.access_token, self.secret, *self.granted_secrets) if name))
