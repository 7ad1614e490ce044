"""Alias: the alias that was added, or that a version has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.filters import regular_expressions
from automations.parameters import Parameters
from common.pages.rich_text import pattern, rich_text
from events.event_types import EventContext


class AliasForm(Parameters):
    pattern = regular_expressions.PatternField(
        label=_("Alias matches"), help_text=_("A regular expression (RE2), found anywhere: ^production$ for that one.")
    )


@registry.register
class AliasCondition(Condition):
    """The alias that was added matches a regular expression; for other events, one of the version's aliases."""

    key = "alias"
    label = _("AliasCondition")
    about = ("artifact",)
    Form = AliasForm
    example = {"pattern": "^production$"}

    def describe(self) -> str:
        return rich_text("with an alias matching ", pattern(self.params["pattern"]))

    def narrows(self, words: str) -> str:
        return rich_text(" matching ", pattern(self.params["pattern"])) if words.endswith(f" {self.key}") else ""

    def clause(self) -> dict[str, Any]:
        return {"alias": {"$regex": self.params["pattern"]}}

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        return one_matches(context.subject.facts["alias"], self.params["pattern"], "alias")


def one_matches(words: str | list[str], pattern: str, noun: str) -> Verdict:
    """Judge whether one of the words matches."""
    listed = [words] if isinstance(words, str) else words
    matching = [word for word in listed if regular_expressions.matches_anywhere(pattern, word)]
    if matching:
        return Verdict(True, f"the {noun} {matching[0]} matches {pattern}")
    return Verdict(False, f"no {noun} of {', '.join(listed) or 'none'} matches {pattern}")
