"""Run name: only runs whose name matches a regular expression."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.filters import regular_expressions
from automations.parameters import Parameters
from common.pages.rich_text import pattern, rich_text
from events.event_types import EventContext


class RunNameForm(Parameters):
    pattern = regular_expressions.PatternField(
        label=_("Run name matches"),
        help_text=_("A regular expression (RE2), found anywhere in the name: ^prod- for names that start so."),
    )


@registry.register
class RunName(Condition):
    """The run's display name matches a regular expression: RE2, found anywhere, case-sensitive."""

    key = "run_name"
    label = _("Filter on run name")
    about = ("run",)
    Form = RunNameForm
    example = {"pattern": "^prod-"}

    def describe(self) -> str:
        return rich_text("whose name matches ", pattern(self.params["pattern"]))

    def clause(self) -> dict[str, Any]:
        return {"display_name": {"$regex": self.params["pattern"]}}

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        name = context.subject.facts["display_name"]
        holds = regular_expressions.matches_anywhere(self.params["pattern"], name)
        return Verdict(
            holds,
            f"the run's name {name!r} {'matches' if holds else 'does not match'} {self.params['pattern']}",
        )
