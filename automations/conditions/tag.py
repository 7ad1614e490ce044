"""The tag that was added or removed, or that a version or collection has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from automations import regex
from automations.condition import Condition, Evidence, Verdict, registry
from automations.conditions.alias import one_matches
from automations.parameters import Parameters
from common.phrase import pattern, phrase
from events.types import Happening


class TagForm(Parameters):
    pattern = regex.PatternField(
        label=_("Tag matches"), help_text=_("A regular expression (RE2), found anywhere: ^europe for what begins so.")
    )


@registry.register
class Tag(Condition):
    """The tag that was added or removed matches a regular expression; for other events, one of the tags there are."""

    key = "tag"
    label = _("Tag")
    about = ("artifact", "collection")
    Form = TagForm
    example = {"pattern": "^europe"}

    def describe(self) -> str:
        return phrase("with a tag matching ", pattern(self.params["pattern"]))

    def narrows(self, words: str) -> str:
        return phrase(" matching ", pattern(self.params["pattern"])) if words.endswith(f" {self.key}") else ""

    def clause(self) -> dict[str, Any]:
        return {"tag": {"$regex": self.params["pattern"]}}

    def judge(self, happening: Happening, evidence: Evidence) -> Verdict:
        return one_matches(happening.subject.facts["tag"], self.params["pattern"], "tag")
