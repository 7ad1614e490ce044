"""Alert level: an alert of a script is at least this severe."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters, choice_error
from automations.severities import SEVERITIES
from common.pages.rich_text import rich_text, strong
from events.event_types import EventContext

_RANK = [key for key, _label in SEVERITIES]


class AlertLevelForm(Parameters):
    level = forms.ChoiceField(
        label=_("At least"),
        choices=SEVERITIES,
        initial="WARN",
        error_messages={**choice_error(SEVERITIES), "required": _("Choose one of: INFO, WARN, ERROR.")},
    )
    spellings = {"level": {key.lower(): key for key in _RANK}}


@registry.register
class AlertLevel(Condition):
    """The alert has this level or a higher one."""

    key = "alert_level"
    label = _("Filter on the alert's level")
    events = ("run.alert",)
    Form = AlertLevelForm
    example = {"level": "ERROR"}

    def describe(self) -> str:
        return rich_text("of level ", strong(self.params["level"]), " or higher")

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        level = context.data["level"]
        holds = _RANK.index(level) >= _RANK.index(self.params["level"])
        return Verdict(holds, f"the alert's level is {level}")
