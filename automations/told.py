"""What a message says of what happened, whatever it is sent through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from automations.action import Occasion
from events import types

# From the least to the most severe.
SEVERITIES = [("INFO", gettext_lazy("Info")), ("WARN", gettext_lazy("Warning")), ("ERROR", gettext_lazy("Error"))]
_RANK = [key for key, _label in SEVERITIES]


@dataclass(frozen=True)
class Fact:
    label: str
    text: str
    url: str = ""


def event_label(occasion: Occasion) -> str:
    """Give the event as people know it."""
    told = occasion.variables.get("event_type")
    labels = (str(event.label) for event in types.registry if told in (event.told_as, event.wire))
    return next(labels, str(told or ""))


def has_recovered(occasion: Occasion) -> bool:
    return occasion.variables.get("alert_status") == "recovered"


def headline(occasion: Occasion) -> str:
    """Give what stands on top where nobody wrote a title: what a script said, else the automation's name."""
    return _text(occasion.variables.get("alert_title")) or _text(occasion.variables.get("automation_name"))


def words(occasion: Occasion) -> str:
    """Give the text where nobody wrote one: what a script said."""
    return _text(occasion.variables.get("alert_text"))


def facts(occasion: Occasion) -> Iterator[Fact]:
    """Give where it happened, to what, by whom, and the values; what does not apply is left out."""
    values = occasion.variables
    scope = "/".join(str(values[name]) for name in ("entity_name", "project_name") if values.get(name))
    about = _("Run") if values.get("run_name") else _("Version")
    told = [
        Fact(_("Scope"), scope),
        Fact(about, occasion.subject, occasion.url),
        Fact(_("By"), _text(values.get("event_author"))),
        Fact(_("Status"), _text(values.get("run_status"))),
        Fact(_text(values.get("metric_name")), _text(values.get("metric_value"))),
    ]
    yield from (fact for fact in told if fact.label and fact.text)


def why(occasion: Occasion) -> str:
    """Give the condition in words with what was found."""
    condition = _text(occasion.variables.get("metric_filter"))
    return ": ".join(part for part in (condition, occasion.why) if part)


def when(occasion: Occasion) -> str:
    """Give the moment to the second."""
    moment = _text(occasion.variables.get("event_time"))
    return moment.replace("T", " ").partition(".")[0].removesuffix("+00:00") + " UTC" if moment else ""


def more_severe(severity: str, occasion: Occasion) -> str:
    """Give the severity, or the level of an alert of a script where that is higher."""
    level = _text(occasion.variables.get("alert_level"))
    return max(severity, level, key=_RANK.index) if level in _RANK else severity


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
