"""Only one person's runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters
from common.phrase import phrase, strong
from events.types import Happening


class RunUserForm(Parameters):
    username = forms.CharField(
        label=_("Runs of"),
        max_length=150,
        help_text=_("The user name of the person or service account that logs the run."),
        error_messages={"required": _("Give a user name.")},
    )


@registry.register
class RunUser(Condition):
    """The run belongs to this person."""

    key = "run_user"
    label = _("Filter to one person's runs")
    about = ("run",)
    Form = RunUserForm
    example = {"username": "ada"}

    def describe(self) -> str:
        return phrase("by ", strong(self.params["username"]))

    def clause(self) -> dict[str, Any]:
        return {"username": {"$eq": self.params["username"]}}

    def judge(self, happening: Happening, evidence: Evidence) -> Verdict:
        username = happening.subject.facts["username"]
        return Verdict(username == self.params["username"], f"the run is {username or 'nobody'}'s")
