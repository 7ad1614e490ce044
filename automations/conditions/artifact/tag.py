"""Tag: the tag that was added or removed, or that a version or collection has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from automations.conditions.artifact.alias import one_matches
from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.filters import regular_expressions
from automations.parameters import Parameters
from common.pages.rich_text import pattern, rich_text
from events.event_types import EventContext


class TagForm(Parameters):
    pattern = regular_expressions.PatternField(
        label=_("Tag matches"), help_text=_("A regular expression (RE2), found anywhere: ^europe for what begins so.")
    )


@registry.register
class TagCondition(Condition):
    """The tag that was added or removed matches a regular expression; for other events, one of the tags there are."""

    key = "tag"
    label = _("TagCondition")
    about = ("artifact", "collection")
    Form = TagForm
    example = {"pattern": "^europe"}

    def describe(self) -> str:
        return rich_text("with a tag matching ", pattern(self.params["pattern"]))

    def narrows(self, words: str) -> str:
        return rich_text(" matching ", pattern(self.params["pattern"])) if words.endswith(f" {self.key}") else ""

    def clause(self) -> dict[str, Any]:
        return {"tag": {"$regex": self.params["pattern"]}}

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        return one_matches(context.subject.facts["tag"], self.params["pattern"], "tag")
