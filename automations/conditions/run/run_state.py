"""Run state: a run entered one of these states."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters, choice_error
from common.pages.rich_text import joined, rich_text, strong
from events.event_types import SUBJECT, EventContext

_STATES = [
    ("running", _("Running")),
    ("finished", _("Finished")),
    ("failed", _("Failed (also when crashed)")),
    ("crashed", _("Crashed only")),
    ("preempted", _("Preempted")),
]
_WORDS = {
    "running": "starts running",
    "finished": "finishes",
    "failed": "fails",
    "crashed": "crashes",
    "preempted": "is preempted",
}

_TOLD = {
    "running": "the run is running",
    "finished": "the run finished",
    "failed": "the run failed",
    "crashed": "the run crashed",
    "preempted": "the run was preempted",
}


class RunStateForm(Parameters):
    states = forms.MultipleChoiceField(
        label=_("When a run is"),
        choices=_STATES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            **choice_error(_STATES),
            "required": _("Choose one or more of: running, finished, failed, crashed, preempted."),
            "invalid_list": _('Give a list, such as ["failed"].'),
        },
    )


@registry.register
class RunStateCondition(Condition):
    """The run is now running, finished, failed, crashed or preempted. A killed run never counts."""

    key = "run_state"
    label = _("Run state")
    events = defines = ("run.state",)
    Form = RunStateForm
    example = {"states": ["failed"]}

    def describe(self) -> str:
        words = [strong(_WORDS[state]) for state in self.params["states"]]
        return rich_text(f"{SUBJECT} ", joined(" or ", words))

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        state = context.data["state"]
        # A crashed run failed as well: nobody wants to choose both.
        counts_as = {state, "failed"} if state == "crashed" else {state}
        wanted = self.params["states"]
        if counts_as & set(wanted):
            return Verdict(True, _TOLD[state] if state in wanted else f"{_TOLD[state]}, which counts as failed")
        return Verdict(False, f"the run is {state}; this waits for: {' or '.join(wanted)}")
