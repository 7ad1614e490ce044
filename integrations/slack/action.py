"""The action `notify_slack`: posts to a Slack channel of the team."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from automations.actions.action import Action, ActionForm, registry
from automations.messages import run_log, text_fields
from automations.messages.context import MessageContext
from automations.messages.message_content import more_severe
from automations.messages.templating import RenderedPayload
from automations.parameters import choice_error
from automations.severities import SEVERITIES
from common.pages.rich_text import rich_text, strong
from integrations.action import IntegrationAction
from integrations.slack.message import message
from integrations.slack.models import SlackChannel
from outbound.provider import Receiver


class NotifySlackForm(ActionForm):
    channel = forms.CharField(
        label=_("Slack channel"),
        max_length=80,
        error_messages={"required": _("Name one of the team's Slack channels.")},
    )
    title = text_fields.LiteralLineField(
        label=_("Title"), help_text=_("With variables such as ${run_name}. Empty: the automation's name.")
    )
    text = text_fields.LiteralBlockField()
    severity = forms.ChoiceField(
        label=_("Severity"),
        choices=SEVERITIES,
        initial="INFO",
        error_messages=choice_error(SEVERITIES),
        help_text=_("The colour of the message. An alert of a script keeps its own level where that is higher."),
    )
    with_log = run_log.option()
    spellings = {"severity": {key.lower(): key for key, _label in SEVERITIES}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = SlackChannel.objects.filter(team=self.team).order_by("name").values_list("name", flat=True)
        self.names = list(names)
        self.fields["channel"].widget = forms.Select(choices=[(name, name) for name in self.names])

    def clean_channel(self) -> SlackChannel:
        name = self.cleaned_data["channel"].removeprefix("#")
        channel = SlackChannel.objects.filter(team=self.team, name=name).first()
        if channel is None:
            there = ", ".join(self.names) or "none yet; a team admin adds them in Team Settings"
            raise ValidationError(
                f"The team {self.team.name} has no Slack channel {name!r}. Its Slack channels: {there}."
            )
        return channel


@registry.register
class NotifySlack(IntegrationAction):
    """Post a message to one of the team's Slack channels: what happened, why, and a link to it."""

    key = "notify_slack"
    kind = "slack"
    names_by = "channel"
    wire = "NOTIFICATION"
    label = _("Slack notification")
    order = 2
    Form = NotifySlackForm
    example = {"channel": "alerts", "title": "${run_name} needs a look", "text": "", "severity": "WARN"}

    def describe(self, receiver_name: str) -> str:
        return rich_text("notify ", strong(receiver_name or "a Slack channel that is gone"), " in Slack")

    def warnings(self) -> list[str]:
        said = f"{self.params['title']}\n{self.params['text']}"
        return [
            _now("%(name)s is no variable here, so the message says it as it stands.") % {"name": name}
            for name in text_fields.literal_placeholders(said)
        ]

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        values = context.variables
        told = message(
            context,
            title=text_fields.filled_literally(self.params["title"], values),
            text=text_fields.filled_literally(self.params["text"], values),
            severity=more_severe(self.params["severity"], context),
            log=run_log.log_lines(self.params, context),
        )
        body = json.dumps(told, ensure_ascii=False)
        return RenderedPayload(body.encode(), body)


def channel_action(channel: SlackChannel) -> Action:
    """Give the action that posts there what every message says."""
    return NotifySlack(NotifySlack.checked({"channel": channel.name}, team=channel.team, event=""))
