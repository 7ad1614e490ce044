"""Call a webhook of the team."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations import templating, variables
from automations.action import Action, ActionForm, Occasion, registry
from automations.templating import Rendered, TemplateError
from common.phrase import phrase, strong
from events.types import EventType
from integrations import preset
from integrations.models import Webhook
from integrations.provider import Endpoint
from integrations.providers.webhook import ACCESS_TOKEN, WebhookEndpoint
from secrets_vault.services import names_of
from teams.models import Team

DEFAULT_PAYLOAD = preset.get("generic").payload


class SendWebhookForm(ActionForm):
    webhook = forms.CharField(
        label=_("Webhook"), max_length=64, error_messages={"required": _("Name one of the team's webhooks.")}
    )
    payload = forms.CharField(
        label=_("Payload"),
        required=False,
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "data-editor": "json", "data-variables": ""}),
        help_text=_(
            "JSON with variables such as ${run_name}. Empty: what the webhook's preset says, or the default one."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = Webhook.objects.filter(team=self.team).order_by("name").values_list("name", "preset")
        self.presets = dict(there)
        self.names = list(self.presets)
        self.fields["webhook"].widget = forms.Select(choices=[(name, name) for name in self.names])
        # On a page the payload follows the choice of another webhook, as long as nobody has written in it.
        self.fields["payload"].widget.attrs |= {
            "data-offered-by": self.add_prefix("webhook"),
            "data-offers": json.dumps(self.presets),
            "data-texts": json.dumps({key: _payload_of(key) for key in self.presets.values()}),
        }
        if not self.is_bound:
            self.initial.setdefault("payload", self._offered())

    def _offered(self) -> str:
        """Give the payload to begin with: that of the webhook that a page shows as chosen."""
        chosen = self.initial.get("webhook") or next(iter(self.names), "")
        return _payload_of(self.presets.get(chosen, ""))

    def clean_webhook(self) -> Webhook:
        name = self.cleaned_data["webhook"]
        webhook = Webhook.objects.filter(team=self.team, name=name).first()
        if webhook is None:
            there = ", ".join(self.names) or "none yet; a team admin adds them in Team Settings"
            raise ValidationError(f"The team {self.team.name} has no webhook {name!r}. Its webhooks: {there}.")
        return webhook

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "webhook" in cleaned and "payload" in cleaned:
            cleaned["payload"] = cleaned["payload"] or default_payload(cleaned["webhook"])
            try:
                check_payload(cleaned["payload"], cleaned["webhook"])
            except TemplateError as error:
                self.add_error("payload", str(error))
        return cleaned


@registry.register
class SendWebhook(Action):
    """Send a JSON payload of your own to one of the team's webhooks."""

    key = "send_webhook"
    wire = "GENERIC_WEBHOOK"
    label = _("Webhook")
    order = 1
    Form = SendWebhookForm
    example = {"webhook": "retrain-hook", "payload": DEFAULT_PAYLOAD}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str) -> dict[str, Any]:
        cleaned = super().checked(sent, team=team, event=event)
        # By number: a webhook that gets another name stays the same webhook.
        return {"webhook": cleaned["webhook"].pk, "payload": cleaned["payload"]}

    @property
    def target(self) -> str:
        return f"webhook:{self.params['webhook']}"

    def shown(self, target_name: str) -> dict[str, Any]:
        return {"webhook": target_name, "payload": self.params["payload"]}

    def describe(self, target_name: str) -> str:
        return phrase("call ", strong(target_name or "a webhook that is gone"))

    def rendered(self, endpoint: Endpoint, occasion: Occasion, secrets: Mapping[str, str]) -> Rendered:
        usable = dict(secrets)
        token = cast(WebhookEndpoint, endpoint).access_token
        if token:
            usable[ACCESS_TOKEN] = secrets[token]
        return templating.parse(self.params["payload"]).render(variables=occasion.variables, secrets=usable)


def webhook_action(webhook: Webhook, payload: str, event: type[EventType] | None) -> Action:
    """Give the action that sends this payload there, its default one where it is empty. Raises ValidationError."""
    sent = {"webhook": webhook.name, "payload": payload}
    return SendWebhook(SendWebhook.checked(sent, team=webhook.team, event=event.key if event else ""))


def default_payload(webhook: Webhook) -> str:
    """Give the payload of an automation that has none of its own."""
    return _payload_of(webhook.preset)


def _payload_of(key: str) -> str:
    there = preset.presets().get(key)
    return there.payload if there else DEFAULT_PAYLOAD


def check_payload(payload: str, webhook: Webhook) -> None:
    """Refuse a payload that could not be sent. Raises TemplateError."""
    granted = [*webhook.granted, *([ACCESS_TOKEN] if webhook.access_token else [])]
    others = set(names_of(webhook.team_id)) - set(granted)
    templating.parse(payload).check(known=variables.known(), secrets=granted, not_granted=others)
