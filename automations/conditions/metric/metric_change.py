"""Metric change: a metric moves by at least so much between two windows, one after the other."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Evidence, Window, registry
from automations.conditions.metric.comparison import AGGREGATE, AGGREGATIONS
from automations.conditions.metric.metric_condition import LONGEST_WINDOW, Measure, MetricCondition, steps_and_values
from automations.parameters import MetricField, Parameters, choice_error
from common.data.numbers import readable
from common.pages.rich_text import metric, rich_text, strong

_KINDS = [("relative", _("Relative (0.1 is 10 %)")), ("absolute", _("Absolute"))]
_DIRECTIONS = [
    ("increase", _("Increases by at least")),
    ("decrease", _("Decreases by at least")),
    ("any", _("Increases or decreases by at least")),
]
_WORDS = {"increase": "increases by", "decrease": "decreases by", "any": "changes by"}


class MetricChangeForm(Parameters):
    metric = MetricField(
        label=_("Metric"), max_length=255, error_messages={"required": _("Name a metric, such as val/loss.")}
    )
    aggregation = forms.ChoiceField(
        label=_("Aggregation"), choices=AGGREGATIONS, initial="average", error_messages=choice_error(AGGREGATIONS)
    )
    window = forms.IntegerField(
        label=_("Current window"), initial=10, min_value=1, max_value=LONGEST_WINDOW,
        help_text=_("How many of the last logged values."),
    )  # fmt: skip
    prior_window = forms.IntegerField(
        label=_("Prior window"), initial=50, min_value=1, max_value=LONGEST_WINDOW,
        help_text=_("How many of the values right before these."),
    )  # fmt: skip
    direction = forms.ChoiceField(
        label=_("Direction"), choices=_DIRECTIONS, initial="any", error_messages=choice_error(_DIRECTIONS)
    )
    change = forms.ChoiceField(
        label=_("Change"), choices=_KINDS, initial="relative", error_messages=choice_error(_KINDS)
    )
    amount = forms.FloatField(
        label=_("Amount"),
        validators=[MinValueValidator(5e-324, _("%(show_value)s is no amount: give a number above 0."))],
        error_messages={"required": _("Give an amount above 0, such as 0.25.")},
    )
    spellings = {"direction": {}, "change": {}, "aggregation": {}}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("aggregation") == "latest":
            cleaned |= {"window": 1, "prior_window": 1}
        return cleaned


@registry.register
class MetricChange(MetricCondition):
    """The aggregate of a metric's last values moved by an amount, against the values right before them.

    Relative is (current - prior) / |prior|; where prior is 0 it is not judged. Both windows must be full.
    """

    key = "metric_change"
    label = _("Metric change")
    events = defines = ("run.metric_change",)
    Form = MetricChangeForm
    example = {"metric": "loss", "window": 10, "prior_window": 50, "direction": "increase", "amount": 0.25}

    @property
    def window(self) -> Window:
        return Window(self.params["metric"], self.params["window"] + self.params["prior_window"] - 1)

    def measures(self, rows: Sequence[dict[str, Any]], evidence: Evidence) -> Iterator[Measure]:
        prior_length = self.params["prior_window"]
        length = self.params["window"] + prior_length
        aggregate = AGGREGATE[self.params["aggregation"]]
        window = deque(evidence.past, maxlen=length)
        for step, value in steps_and_values(rows, self.params["metric"]):
            window.append(value)
            if len(window) == length:
                values = list(window)
                prior, current = aggregate(values[:prior_length]), aggregate(values[prior_length:])
                yield step, self._moved(prior, current), values[prior_length:]

    def holds(self, measure: float) -> bool:
        amount = self.params["amount"]
        tests = {"increase": measure >= amount, "decrease": measure <= -amount, "any": abs(measure) >= amount}
        return bool(tests[self.params["direction"]])

    def status(self, measure: float) -> str:
        if math.isnan(measure):
            return "there is no change to speak of (a prior value of 0, or NaN)"
        return f"changed by {self._said(measure)}; wanted: {self.params['direction']} by at least {self._amount()}"

    def compared(self, values: Sequence[float]) -> Sequence[tuple[int, float]]:
        length, aggregate = self.params["window"], AGGREGATE[self.params["aggregation"]]
        current, before = values[-length:], values[: -length or None]
        windows = [current, before[-self.params["prior_window"] :]]
        return [(len(window), aggregate(window)) for window in windows if window]

    def sentence(self) -> str:
        name, aggregation = metric(self.params["metric"]), self.params["aggregation"]
        moved = rich_text(f" {_WORDS[self.params['direction']]} at least ", strong(self._amount()), " against the ")
        if aggregation == "latest":
            return rich_text(strong("latest "), name, moved, "value before")
        current, prior = self.params["window"], self.params["prior_window"]
        return rich_text(strong(f"{aggregation} of the last {current} "), name, moved, f"{prior} before")

    def short(self) -> str:
        return f"change({self.params['metric']}) {self.params['direction']} {self._amount()}"

    def unmeasured(self, evidence: Evidence) -> str:
        length = self.params["window"] + self.params["prior_window"]
        return f"fewer than the {length} values the windows need are there"

    def _moved(self, prior: float, current: float) -> float:
        """Give the change; NaN, which holds nowhere, where there is none to speak of."""
        if self.params["change"] == "absolute":
            return current - prior
        return (current - prior) / abs(prior) if prior else math.nan

    def _amount(self) -> str:
        return self._said(self.params["amount"])

    def _said(self, change: float) -> str:
        return readable(change) if self.params["change"] == "absolute" else f"{readable(100 * change)} %"
