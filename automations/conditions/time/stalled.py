"""Stalled: a running run logs nothing for so long."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict, registry
from automations.parameters import MetricField, Parameters
from common.pages.rich_text import metric, rich_text, strong
from events.event_types import SUBJECT, EventContext

DAY_SECONDS = 24 * 3600


class StalledForm(Parameters):
    metric = MetricField(
        label=_("Metric"), max_length=255, required=False, help_text=_("Left out: nothing at all was logged.")
    )
    seconds = forms.IntegerField(
        label=_("For (seconds)"), initial=1800, min_value=10, max_value=30 * DAY_SECONDS,
        help_text=_("How long no new value came."),
    )  # fmt: skip


@registry.register
class Stalled(Condition):
    """A running run logged no new value of a metric, or nothing at all, for so long."""

    key = "stalled"
    label = _("Run stalled")
    events = defines = ("run.stalled",)
    Form = StalledForm
    example = {"metric": "loss", "seconds": 1800}

    def describe(self) -> str:
        what = metric(self.params["metric"]) if self.params["metric"] else "value"
        return rich_text(f"{SUBJECT} logs no new ", what, " for ", strong(f"{self.params['seconds']} s"))

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        data = context.data
        why = f"no new {data['metric'] or 'value'} for {data['silent_seconds']} s"
        # Each question has events of its own: those of another would tell the same stall again.
        asked = (data["metric"], data["seconds"])
        return Verdict(asked == (self.params["metric"], self.params["seconds"]), why)
