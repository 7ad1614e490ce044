"""Tell a Slack channel of the team."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations import texts
from automations.action import Action, ActionForm, Occasion, registry
from automations.parameters import choice_error
from automations.slack_message import message
from automations.templating import Rendered
from automations.told import SEVERITIES, more_severe
from common.phrase import phrase, strong
from integrations.models import SlackChannel
from integrations.provider import Endpoint


class NotifySlackForm(ActionForm):
    channel = forms.CharField(
        label=_("Slack channel"),
        max_length=80,
        error_messages={"required": _("Name one of the team's Slack channels.")},
    )
    title = texts.LineField(
        label=_("Title"), help_text=_("With variables such as ${run_name}. Empty: the automation's name.")
    )
    text = texts.WordsField()
    severity = forms.ChoiceField(
        label=_("Severity"),
        choices=SEVERITIES,
        initial="INFO",
        error_messages=choice_error(SEVERITIES),
        help_text=_("The colour of the message. An alert of a script keeps its own level where that is higher."),
    )
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
class NotifySlack(Action):
    """Post a message to one of the team's Slack channels: what happened, why, and a link to it."""

    key = "notify_slack"
    wire = "NOTIFICATION"
    label = _("Slack notification")
    order = 2
    Form = NotifySlackForm
    example = {"channel": "alerts", "title": "${run_name} needs a look", "text": "", "severity": "WARN"}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], **context: Any) -> dict[str, Any]:
        cleaned = super().checked(sent, **context)
        # By number: a channel that gets another name stays the same channel.
        return {**cleaned, "channel": cleaned["channel"].pk}

    @property
    def target(self) -> str:
        return f"slack:{self.params['channel']}"

    def shown(self, target_name: str) -> dict[str, Any]:
        return {**self.params, "channel": target_name}

    def describe(self, target_name: str) -> str:
        return phrase("notify ", strong(target_name or "a Slack channel that is gone"), " in Slack")

    def rendered(self, endpoint: Endpoint, occasion: Occasion, secrets: Mapping[str, str]) -> Rendered:
        values = occasion.variables
        told = message(
            occasion,
            title=texts.filled(self.params["title"], values),
            text=texts.filled(self.params["text"], values),
            severity=more_severe(self.params["severity"], occasion),
        )
        body = json.dumps(told, ensure_ascii=False)
        return Rendered(body.encode(), body)


def channel_action(channel: SlackChannel) -> Action:
    """Give the action that posts there what every message says."""
    return NotifySlack(NotifySlack.checked({"channel": channel.name}, team=channel.team, event=""))
