"""The settings form of a webhook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from automations.delivery import trial_delivery
from events import event_types
from integrations.webhook import services
from integrations.webhook.action import webhook_action
from integrations.webhook.models import Webhook
from integrations.webhook.preset_file import presets
from integrations.webhook.settings.fields import HeadersField, NamesField, WaitsField
from outbound.provider import Record
from secrets_vault.services import names_of
from teams import access
from teams.models import Team
from teams.settings_site.forms import ServiceForm

Choices = list[tuple[str, Any]]
SENT = (
    "name", "url", "method", "headers", "access_token", "secret", "granted_secrets", "timeout_seconds", "retry_seconds",
    "preset", "enabled",
)  # fmt: skip


def typed(setting: Any, **options: Any) -> Any:
    """Give the form field of a setting."""
    return setting.field.formfield(**options)


class WebhookForm(ServiceForm[Webhook]):
    # Not fields with choices: that a team has no such secret is the service's to say, in its own words.
    access_token = forms.CharField(
        label=_("Access token"),
        required=False,
        widget=forms.Select,
        help_text=_("A secret of the team; sent as Authorization: Bearer."),
    )
    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        widget=forms.Select,
        help_text=_("A secret of the team; signs the body. Payloads may use it by its name."),
    )
    granted_secrets = NamesField(
        label=_("Other secrets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What is sent here may use these too: ${NAME} in payloads, headers, and the path of the URL."),
    )
    headers = HeadersField(
        label=_("Headers"),
        required=False,
        help_text=_("One a line, such as X-Team: vision. ${NAME} is a granted secret."),
    )
    retry_seconds = WaitsField(
        label=_("Tries"),
        required=False,
        help_text=_("Seconds before each try, such as 0, 5, 300. Empty: as this installation has it."),
    )
    preset = forms.ChoiceField(
        label=_("Preset"), required=False, help_text=_("Its payload is the default one of automations that call this.")
    )

    url = typed(
        Webhook.url,
        widget=forms.TextInput(attrs={"class": "vTextField", "size": 80}),
        help_text=_("Its path and query may use granted secrets: ${NAME}."),
    )
    method = typed(Webhook.method)
    timeout_seconds = typed(
        Webhook.timeout_seconds,
        help_text=_("Seconds until a delivery counts as failed, 1 to 30. Empty: this installation's."),
    )

    # Whether a test of what is typed was asked for: then nothing is stored, and `test` sends it.
    tries: ClassVar[bool] = False
    test: Callable[[], Record] | None = None

    class Meta:
        model = Webhook
        fields = ["name", "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial = {**{name: getattr(self.instance, name) for name in SENT}, **self.initial}
        teams = [self.instance.team] if self.instance.pk else list(access.administered_by(self.person))
        for field in ("access_token", "secret"):
            choices = _choices(teams, now=self.initial.get(field, ""))
            self.fields[field].widget = forms.Select(choices=choices)
        self._offer("granted_secrets", _names(teams, now=self.initial.get("granted_secrets") or []))
        self._offer("preset", [("", translated("None")), *((one.key, one.label) for one in presets().values())])

    def is_valid(self) -> bool:
        return super().is_valid() and not self.tries

    def _post_clean(self) -> None:
        if not self.tries:
            super()._post_clean()
        elif not self.errors:
            self._make_ready()

    def _make_ready(self) -> None:
        """Do what saving would, gather what a test needs, and take it back: nothing is sent in a transaction."""
        try:
            with transaction.atomic():
                webhook = self.perform(self.cleaned_data)
                event = event_types.by_wire_name("RUN_STATE")
                self.test = trial_delivery.ready(webhook_action(webhook, "", event), webhook.team, event)
                transaction.set_rollback(True)
        except ValidationError as error:
            self._refused(error)

    def _offer(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def sent(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: values[name] for name in SENT}


class NewWebhookForm(WebhookForm):
    class Meta(WebhookForm.Meta):
        fields = ["team", *WebhookForm.Meta.fields]

    def perform(self, values: dict[str, Any]) -> Webhook:
        return services.create_webhook(values["team"], self.sent(values), by=self.person)


class ChangedWebhookForm(WebhookForm):
    def perform(self, values: dict[str, Any]) -> Webhook:
        # Not `instance`: a refused change would leave it altered, and the page shows it.
        stored = Webhook.objects.select_related("team").get(pk=self.instance.pk)
        return services.change_webhook(stored, self.sent(values))


def _names(teams: list[Team], *, now: list[str]) -> Choices:
    """Give the names of the teams' secrets, and those in use, though they be gone."""
    there = sorted({name for team in teams for name in names_of(team.pk)})
    gone = [(name, translated("%s (does not exist)") % name) for name in now if name not in there]
    return gone + [(name, name) for name in there]


def _choices(teams: list[Team], *, now: str) -> Choices:
    """Give the names of the teams' secrets, by team where there are several; and the name in use, though it be gone."""
    by_team = {team.name: names_of(team.pk) for team in teams}
    none: Choices = [("", translated("None"))]
    if len(by_team) > 1:
        return none + [(team, [(name, name) for name in names]) for team, names in by_team.items() if names]
    names = [name for names in by_team.values() for name in names]
    gone = [(now, translated("%s (does not exist)") % now)] if now and now not in names else []
    return none + gone + [(name, name) for name in names]
