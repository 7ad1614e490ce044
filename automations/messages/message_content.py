"""Message content: what a message says of what happened, whatever it is sent through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from automations.messages.context import MessageContext
from automations.severities import SEVERITIES
from events import event_types

_RANK = [key for key, _label in SEVERITIES]


@dataclass(frozen=True)
class MessageFact:
    label: str
    text: str
    url: str = ""


def event_label(context: MessageContext) -> str:
    """Give the event as people know it."""
    told = context.variables.get("event_type")
    labels = (str(event.label) for event in event_types.registry if told in (event.payload_name, event.wire))
    return next(labels, str(told or ""))


def has_recovered(context: MessageContext) -> bool:
    return context.variables.get("alert_status") == "recovered"


def headline(context: MessageContext) -> str:
    """Give what stands on top where nobody wrote a title: what a script said, else the automation's name."""
    return _text(context.variables.get("alert_title")) or _text(context.variables.get("automation_name"))


def words(context: MessageContext) -> str:
    """Give the text where nobody wrote one: what a script said."""
    return _text(context.variables.get("alert_text"))


def facts(context: MessageContext) -> Iterator[MessageFact]:
    """Give where it happened, to what, by whom, and the values; what does not apply is left out."""
    values = context.variables
    scope = "/".join(str(values[name]) for name in ("entity_name", "project_name") if values.get(name))
    about = _("Run") if values.get("run_name") else _("Version")
    told = [
        MessageFact(_("Scope"), scope),
        MessageFact(about, context.subject, context.url),
        MessageFact(_("By"), _text(values.get("event_author"))),
        MessageFact(_("Status"), _text(values.get("run_status"))),
        MessageFact(_text(values.get("metric_name")), _text(values.get("metric_value"))),
    ]
    yield from (fact for fact in told if fact.label and fact.text)


def why(context: MessageContext) -> str:
    """Give the condition in words with what was found."""
    condition = _text(context.variables.get("metric_filter"))
    return ": ".join(part for part in (condition, context.why) if part)


def when(context: MessageContext) -> str:
    """Give the moment to the second."""
    moment = _text(context.variables.get("event_time"))
    return moment.replace("T", " ").partition(".")[0].removesuffix("+00:00") + " UTC" if moment else ""


def more_severe(severity: str, context: MessageContext) -> str:
    """Give the severity, or the level of an alert of a script where that is higher."""
    level = _text(context.variables.get("alert_level"))
    return max(severity, level, key=_RANK.index) if level in _RANK else severity


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
