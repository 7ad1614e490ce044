"""The action `send_webhook`: calls a webhook of the team with a payload."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations.actions.action import Action, ActionForm, registry
from automations.definitions.sharing import name_for
from automations.messages import templating, variables
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload, TemplateError
from common.pages.rich_text import rich_text, strong
from events.event_types import EventType
from integrations.action import IntegrationAction
from integrations.webhook import preset_file
from integrations.webhook.models import Webhook
from integrations.webhook.provider import ACCESS_TOKEN, WebhookReceiver
from integrations.webhook.sharing import webhooks_elsewhere
from outbound.placeholders import names_in
from outbound.provider import Receiver
from secrets_vault.services import names_of
from teams.models import Team

# A dollar and a name, not escaped and not in braces: shells would fill it in, payloads do not.
_BARE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
DEFAULT_PAYLOAD = preset_file.get("generic").payload


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
        rows = {row.name: row for row in Webhook.objects.filter(team=self.team).order_by("name")}
        # A name of ours has no slash.
        elsewhere = {name_for(row.team, row.name): row for row in webhooks_elsewhere(self.by, self.team)}
        self.rows = {**rows, **elsewhere}
        self.presets = {name: row.preset for name, row in self.rows.items()}
        self.names = list(self.presets)
        self.fields["webhook"].widget = forms.Select(choices=[(name, name) for name in self.names])
        # On a page the payload follows the choice of another webhook, as long as nobody has written in it.
        self.fields["payload"].widget.attrs |= {
            "data-offered-by": self.add_prefix("webhook"),
            "data-offers": json.dumps(self.presets),
            "data-payloads": json.dumps({key: _payload_of(key) for key in self.presets.values()}),
        }
        if not self.is_bound:
            self.initial.setdefault("payload", self._offered())

    def _offered(self) -> str:
        """Give the payload to begin with: that of the webhook that a page shows as chosen."""
        chosen = self.initial.get("webhook") or next(iter(self.names), "")
        return _payload_of(self.presets.get(chosen, ""))

    def clean_webhook(self) -> Webhook:
        name = self.cleaned_data["webhook"]
        webhook = self.rows.get(name)
        if webhook is None:
            there = ", ".join(self.names) or "none yet; a team admin adds them in Team Settings"
            raise ValidationError(f"The team {self.team.name} has no webhook {name!r}. Its webhooks: {there}.")
        return webhook

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "webhook" in cleaned and "payload" in cleaned:
            cleaned["payload"] = cleaned["payload"] or default_payload(cleaned["webhook"])
            try:
                check_payload(cleaned["payload"], cleaned["webhook"], self.team)
            except TemplateError as error:
                self.add_error("payload", str(error))
        return cleaned


@registry.register
class SendWebhook(IntegrationAction):
    """Send a JSON payload of your own to one of the team's webhooks."""

    key = "send_webhook"
    kind = names_by = "webhook"
    wire = "GENERIC_WEBHOOK"
    label = _("Webhook")
    order = 1
    Form = SendWebhookForm
    example = {"webhook": "retrain-hook", "payload": DEFAULT_PAYLOAD}

    def describe(self, receiver_name: str) -> str:
        return rich_text("call ", strong(receiver_name or "a webhook that is gone"))

    def warnings(self) -> list[str]:
        bare = set(_BARE.findall(self.params["payload"]))
        known = {*variables.known(), *_granted(self.params["webhook"])} if bare else set()
        said = _("$%(name)s stands in the payload without braces and goes as it is: write ${%(name)s} for its value.")
        return [said % {"name": name} for name in sorted(bare & known)]

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        usable = dict(secrets)
        token = cast(WebhookReceiver, receiver).access_token
        # Where it is another team's, no secret comes along.
        if token in secrets:
            usable[ACCESS_TOKEN] = secrets[token]
        return templating.parse(self.params["payload"]).render(variables=context.variables, secrets=usable)


def _granted(webhook: int) -> list[str]:
    row = Webhook.objects.filter(pk=webhook).first()
    return [] if row is None else [*row.granted, ACCESS_TOKEN]


def webhook_action(webhook: Webhook, payload: str, event: type[EventType] | None) -> Action:
    """Give the action that sends this payload there, its default one where it is empty. Raises ValidationError."""
    sent = {"webhook": webhook.name, "payload": payload}
    return SendWebhook(SendWebhook.checked(sent, team=webhook.team, event=event.key if event else ""))


def default_payload(webhook: Webhook) -> str:
    """Give the payload of an automation that has none of its own."""
    return _payload_of(webhook.preset)


def _payload_of(key: str) -> str:
    there = preset_file.presets().get(key)
    return there.payload if there else DEFAULT_PAYLOAD


def check_payload(payload: str, webhook: Webhook, team: Team) -> None:
    """Refuse a payload that could not be sent by this team. Raises TemplateError."""
    if webhook.team_id != team.pk:
        _refuse_secrets_of_others(payload, webhook, team)
        return
    chosen = preset_file.presets().get(webhook.preset)
    if chosen and chosen.read_by_people:
        _refuse_secrets(payload, webhook, chosen.label)
    granted = [*webhook.granted, *([ACCESS_TOKEN] if webhook.access_token else [])]
    others = set(names_of(webhook.team_id)) - set(granted)
    templating.parse(payload).check(known=variables.known(), secrets=granted, not_granted=others)


def _refuse_secrets_of_others(payload: str, webhook: Webhook, team: Team) -> None:
    """Where the webhook is another team's, a payload names no secret at all: its own are not that team's to read."""
    template, known = templating.parse(payload), variables.known()
    secret = {ACCESS_TOKEN, *names_of(webhook.team_id), *names_of(team.pk)} - set(known)
    named = [name for name in template.names if name in secret]
    if named:
        raise TemplateError(
            "secret_not_granted",
            f"${{{named[0]}}} is a secret, and {name_for(webhook.team, webhook.name)} is a webhook of another team: "
            "what is sent there names none. Take it out of the payload.",
            tuple(named),
        )
    template.check(known=known, secrets=())


def _refuse_secrets(payload: str, webhook: Webhook, label: str) -> None:
    """People read it: what signs or opens something may not be named there."""
    secret = {ACCESS_TOKEN, webhook.access_token, webhook.secret, *names_in(webhook.url)}
    named = [name for name in templating.parse(payload).names if name in secret]
    if named:
        raise TemplateError(
            "secret_not_granted",
            f"${{{named[0]}}} is a secret, and people read what {label} shows. Take it out of the payload.",
            tuple(named),
        )
