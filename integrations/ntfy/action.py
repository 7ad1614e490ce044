"""The action `notify_ntfy`: publishes a push notification to an ntfy topic of the team."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations.actions.action import registry
from automations.messages import message_content, run_log, text_fields
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from automations.parameters import choice_error
from integrations.action import IntegrationAction, IntegrationForm
from integrations.receivers import StoredReceiver
from outbound.provider import Receiver

PRIORITIES = [
    ("min", _("Lowest")), ("low", _("Low")), ("default", _("Default")), ("high", _("High")), ("max", _("Highest")),
]  # fmt: skip
_NUMBERS = {key: number for number, (key, _label) in enumerate(PRIORITIES, 1)}
# ntfy's own limits: a message beyond 4,096 bytes becomes an attachment.
_TITLE, _MESSAGE_BYTES, _MOST_TAGS = 200, 4000, 10
_BETWEEN = re.compile(r"[,\s]+")


class NotifyNtfyForm(IntegrationForm):
    kind_key = "ntfy"
    title = text_fields.TextLineField(
        label=_("Title"), help_text=_("With variables such as ${run_name}. Empty: the automation's name.")
    )
    text = text_fields.TextBlockField()
    with_log = run_log.option()
    priority = forms.ChoiceField(
        label=_("Priority"), choices=PRIORITIES, initial="default", error_messages=choice_error(PRIORITIES)
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=300, help_text=_("With commas between, such as warning, skull.")
    )
    click = forms.CharField(
        label=_("Click"), required=False, max_length=1000, help_text=_("An address to open. Empty: what it is about.")
    )

    def clean_tags(self) -> str:
        tags = _tags(self.cleaned_data["tags"])
        if len(tags) > _MOST_TAGS:
            raise ValidationError(f"{len(tags)} tags are too many; {_MOST_TAGS} is the most.")
        return ", ".join(tags)

    def clean_click(self) -> str:
        click: str = self.cleaned_data["click"].strip()
        if click and not click.startswith(("http://", "https://")):
            raise ValidationError(_("Give a web address, such as https://example.com/."))
        return click


@registry.register
class NotifyNtfy(IntegrationAction):
    """Publish to one of the team's ntfy topics: what happened and why; a tap opens it."""

    key = "notify_ntfy"
    label = _("Push message (ntfy)")
    order = 4
    Form = NotifyNtfyForm
    example = {
        "integration": "night-shift", "title": "${run_name} failed", "text": "", "priority": "high", "tags": "warning",
        "click": "",
    }  # fmt: skip

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        params, values = self.params, context.variables
        text = text_fields.filled(params["text"], values).strip() or _happened(context)
        said: dict[str, Any] = {
            "topic": cast(StoredReceiver, receiver).settings["topic"],
            "title": (text_fields.filled(params["title"], values).strip() or message_content.headline(context))[
                :_TITLE
            ],
            "message": _cut(run_log.with_log(text, params, context)),
            "priority": _NUMBERS[params["priority"]],
            "tags": _tags(params["tags"]),
            "click": params["click"] or context.url or context.history_url,
        }
        body = json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False)
        return RenderedPayload(body.encode("utf-8", "replace"), body)


def _tags(text: str) -> list[str]:
    return [tag for tag in _BETWEEN.split(text) if tag]


def _happened(context: MessageContext) -> str:
    label = message_content.event_label(context)
    happened = f"{label}: {context.subject}" if context.subject else label
    lines = [
        str(_("Recovered: %s") % happened) if message_content.has_recovered(context) else happened,
        message_content.words(context),
        message_content.why(context),
    ]
    return "\n".join(line for line in lines if line)


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:_MESSAGE_BYTES].decode("utf-8", "ignore")
