"""Run user: only one person's runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters
from common.pages.rich_text import rich_text, strong
from events.event_types import EventContext


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
        return rich_text("by ", strong(self.params["username"]))

    def clause(self) -> dict[str, Any]:
        return {"username": {"$eq": self.params["username"]}}

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        username = context.subject.facts["username"]
        return Verdict(username == self.params["username"], f"the run is {username or 'nobody'}'s")
