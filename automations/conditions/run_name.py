"""Only runs whose name matches."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from automations import regex
from automations.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters
from common.phrase import pattern, phrase
from events.types import Happening


class RunNameForm(Parameters):
    pattern = regex.PatternField(
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
        return phrase("whose name matches ", pattern(self.params["pattern"]))

    def clause(self) -> dict[str, Any]:
        return {"display_name": {"$regex": self.params["pattern"]}}

    def judge(self, happening: Happening, evidence: Evidence) -> Verdict:
        name = happening.subject.facts["display_name"]
        holds = regex.found(self.params["pattern"], name)
        return Verdict(
            holds,
            f"the run's name {name!r} {'matches' if holds else 'does not match'} {self.params['pattern']}",
        )
