"""All runs done: the last running run of a project or group ended."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.parameters import Parameters
from common.pages.rich_text import rich_text, strong
from events.event_types import SUBJECT, EventContext


class AllDoneForm(Parameters):
    group = forms.CharField(
        label=_("Group"), max_length=128, required=False, help_text=_("Left out: all runs of the project.")
    )


@registry.register
class AllDone(Condition):
    """Nothing runs any more in the project, or in one group of runs."""

    key = "all_done"
    label = _("All runs are done")
    events = defines = ("run.all_done",)
    Form = AllDoneForm
    example = {"group": "sweep-7"}

    def describe(self) -> str:
        group = self.params["group"]
        which = rich_text("of the group ", strong(group)) if group else "of its project"
        return rich_text(f"{SUBJECT} was the last one ", which, " to end")

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        group, wanted = context.data["group"], self.params["group"]
        what = f"the last run of {'the group ' + group if group else 'the project'} ended"
        return Verdict(group == wanted, what)
