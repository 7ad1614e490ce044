"""The base of conditions on metrics: they measure each new value of a window, and compare."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from automations.conditions.condition import Condition, Evidence, Judgement, Verdict
from common.pages.rich_text import rich_text
from events.event_types import SUBJECT, EventContext, Variable
from projects.history.row_values import number, value_at

LONGEST_WINDOW = 10_000
# The step of a value, the measure taken there, and the values it was taken of (the caller may not keep these).
Measure = tuple[object, float, Sequence[float]]


class MetricCondition(Condition):
    """Takes a measure at each new value and judges that."""

    variables = (
        Variable("metric_name", "The metric", "val/loss"),
        Variable("metric_value", "The value that met the condition: an aggregate, a change or a score", 1.25),
        Variable("metric_values", "The values in the window, oldest first", [1.1, 1.4]),
        Variable("metric_step", "The step of the value that met the condition, where one was logged", 120),
        Variable("metric_filter", "The condition as a sentence", "average of the last 5 val/loss rises above 1"),
        Variable("metric_filter_short", "The condition in short", "average(val/loss, 5) > 1"),
        Variable("metric_current_status", "The value against the condition", "1.25 > 1"),
    )

    def measures(self, rows: Sequence[dict[str, Any]], evidence: Evidence) -> Iterator[Measure]:
        """Give a measure for each new value at which one can be taken."""
        raise NotImplementedError

    def holds(self, measure: float) -> bool:
        raise NotImplementedError

    def status(self, measure: float) -> str:
        """Say the measure against the condition, such as `1.25 > 1`."""
        raise NotImplementedError

    def sentence(self) -> str:
        raise NotImplementedError

    def short(self) -> str:
        raise NotImplementedError

    def unmeasured(self, evidence: Evidence) -> str:
        """Say why no measure could be taken."""
        raise NotImplementedError

    @property
    def metric(self) -> str:
        return str(self.params["metric"])

    def describe(self) -> str:
        return rich_text("the ", self.sentence(), f" in {SUBJECT}")

    def judgements(self, context: EventContext, evidence: Evidence) -> Iterator[Judgement]:
        measured: Measure = (None, math.nan, ())

        def explain() -> Verdict:
            return self._verdict(*measured)

        # One function for all judgements: it explains the one that was given last.
        for measured in self.measures(context.data["rows"], evidence):
            yield self.holds(measured[1]), explain

    def unjudged(self, context: EventContext, evidence: Evidence) -> Verdict:
        return Verdict(False, self.unmeasured(evidence))

    def _verdict(self, step: object, measure: float, window: Sequence[float]) -> Verdict:
        holds, status = self.holds(measure), self.status(measure)
        values = {
            "metric_name": self.params["metric"],
            "metric_value": measure,
            "metric_values": list(window),
            "metric_step": step,
            "metric_filter": str(self.sentence()),
            "metric_filter_short": self.short(),
            "metric_current_status": status,
        }
        return Verdict(holds, status if holds else f"{status} does not hold", values)


def steps_and_values(rows: Sequence[dict[str, Any]], metric: str) -> Iterator[tuple[object, float]]:
    """Give the numbers logged for the metric, each with its step, in order."""
    for row in rows:
        value = row[metric] if metric in row else value_at(row, metric)
        found = value if type(value) is float else number(value)
        if found is not None:
            yield row.get("_step"), found
