"""Metric threshold: a metric, aggregated over its last values, crosses a line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Evidence, Threshold, Window, registry
from automations.conditions.metric.comparison import (
    AGGREGATE,
    AGGREGATIONS,
    COMPARE,
    COMPARISONS,
    SIDES,
    SIGNS,
    SPELLINGS,
    WORDS,
)
from automations.conditions.metric.metric_condition import LONGEST_WINDOW, Measure, MetricCondition, steps_and_values
from automations.parameters import MetricField, Parameters, choice_error
from common.data.numbers import readable
from common.pages.rich_text import metric, rich_text, strong

_WINDOW_REMEDY = f"Give a whole number of values from 1 to {LONGEST_WINDOW}."
_THRESHOLD_REMEDY = "Give a number to compare with; for NaN and infinity there is the comparison not_finite."


class MetricThresholdForm(Parameters):
    metric = MetricField(
        label=_("Metric"), max_length=255, error_messages={"required": _("Name a metric, such as val/loss.")}
    )
    aggregation = forms.ChoiceField(
        label=_("Aggregation"),
        choices=AGGREGATIONS,
        initial="average",
        error_messages=choice_error(AGGREGATIONS),
    )
    window = forms.IntegerField(
        label=_("Window"),
        initial=5,
        min_value=1,
        max_value=LONGEST_WINDOW,
        error_messages=dict.fromkeys(["invalid", "min_value", "max_value"], _WINDOW_REMEDY),
        help_text=_("How many of the last logged values. Not used for the latest value."),
    )
    comparison = forms.ChoiceField(
        label=_("Comparison"), choices=COMPARISONS, initial="gt", error_messages=choice_error(COMPARISONS)
    )
    threshold = forms.FloatField(
        label=_("Threshold"),
        required=False,
        help_text=_("Not used for “is NaN or infinite”."),
        error_messages={"invalid": _THRESHOLD_REMEDY},
    )
    spellings = {"comparison": SPELLINGS, "aggregation": {}}
    schema_rules = {
        "if": {"properties": {"comparison": {"const": "not_finite"}}, "required": ["comparison"]},
        "else": {"properties": {"threshold": {"type": "number"}}, "required": ["threshold"]},
    }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        needs_none = cleaned.get("comparison") == "not_finite"
        if needs_none:
            cleaned["threshold"] = None
        elif cleaned.get("threshold") is None and "threshold" not in self.errors:
            self.add_error("threshold", _THRESHOLD_REMEDY)
        if cleaned.get("aggregation") == "latest":
            cleaned["window"] = 1
        return cleaned


@registry.register
class MetricThreshold(MetricCondition):
    """The average, minimum, maximum or latest of a metric's last values compares with a number.

    Judged at each new value, once the window is full.
    """

    key = "metric_threshold"
    label = _("Metric threshold")
    events = defines = ("run.metric",)
    Form = MetricThresholdForm
    example = {"metric": "loss", "aggregation": "average", "window": 5, "comparison": "gt", "threshold": 1.0}

    @property
    def window(self) -> Window:
        return Window(self.params["metric"], self.params["window"] - 1)

    def measures(self, rows: Sequence[dict[str, Any]], evidence: Evidence) -> Iterator[Measure]:
        length = self.params["window"]
        aggregate = AGGREGATE[self.params["aggregation"]]
        window = deque(evidence.past, maxlen=length)
        for step, value in steps_and_values(rows, self.params["metric"]):
            window.append(value)
            if len(window) == length:
                yield step, aggregate(window), window

    def holds(self, measure: float) -> bool:
        return COMPARE[self.params["comparison"]](measure, self.params["threshold"])

    def status(self, measure: float) -> str:
        found = readable(measure)
        return found if self.params["comparison"] == "not_finite" else f"{found} {self._compared(SIGNS)}"

    def thresholds(self) -> Sequence[Threshold]:
        value = self.params["threshold"]
        return () if value is None else [Threshold(value, SIDES.get(self.params["comparison"], ""))]

    def compared(self, values: Sequence[float]) -> Sequence[tuple[int, float]]:
        window = values[-self.params["window"] :]
        return [(len(window), AGGREGATE[self.params["aggregation"]](window))] if window else ()

    def sentence(self) -> str:
        window = self.params["window"]
        what = "latest " if window == 1 else f"{self.params['aggregation']} of the last {window} "
        return rich_text(strong(what), metric(self.params["metric"]), " ", *self._comparison(WORDS))

    def short(self) -> str:
        name, window = self.params["metric"], self.params["window"]
        what = name if window == 1 else f"{self.params['aggregation']}({name}, {window})"
        return f"{what} {self._compared(SIGNS)}"

    def unmeasured(self, evidence: Evidence) -> str:
        return f"fewer than the {self.params['window']} values the window needs are there"

    def _compared(self, words: dict[str, str]) -> str:
        return str(rich_text(*self._comparison(words)))

    def _comparison(self, words: dict[str, str]) -> tuple[str, ...]:
        if self.params["comparison"] == "not_finite":
            return "is ", strong("NaN or infinite")
        return f"{words[self.params['comparison']]} ", strong(readable(self.params["threshold"]))
