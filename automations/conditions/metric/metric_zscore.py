"""Metric z-score: a metric of a run is far from what the project's other runs reached."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Evidence, Peers, registry
from automations.conditions.metric.metric_condition import Measure, MetricCondition, steps_and_values
from automations.parameters import MetricField, Parameters, choice_error
from common.data.numbers import readable
from common.pages.rich_text import metric, rich_text, strong

_FEWEST_PEERS = 3
_DIRECTIONS = [
    ("increase", _("Above (unusually high)")),
    ("decrease", _("Below (unusually low)")),
    ("any", _("Either")),
]
_WORDS = {"increase": "above", "decrease": "below", "any": "away from"}


class MetricZScoreForm(Parameters):
    metric = MetricField(
        label=_("Metric"), max_length=255, error_messages={"required": _("Name a metric, such as val/loss.")}
    )
    threshold = forms.FloatField(
        label=_("Standard deviations"),
        initial=3.0,
        validators=[MinValueValidator(5e-324, _("%(show_value)s is no threshold: give a number above 0."))],
    )
    window = forms.IntegerField(
        label=_("Runs"), initial=30, min_value=_FEWEST_PEERS, max_value=1000,
        help_text=_("How many of the most recently started other runs to compare with."),
    )  # fmt: skip
    direction = forms.ChoiceField(
        label=_("Direction"), choices=_DIRECTIONS, initial="any", error_messages=choice_error(_DIRECTIONS)
    )
    spellings = {"direction": {}}


@registry.register
class MetricZScore(MetricCondition):
    """The z-score of a run's value against the last values of the project's other runs.

    z = (value - mean) / sample standard deviation, over the most recently started others; judged with at least
    three of them and a spread above 0; the threshold itself counts.
    """

    key = "metric_zscore"
    label = _("Metric z-score")
    events = defines = ("run.metric_zscore",)
    Form = MetricZScoreForm
    example = {"metric": "accuracy", "threshold": 2.0, "window": 30, "direction": "any"}

    @property
    def peers(self) -> Peers:
        return Peers(self.params["metric"], self.params["window"])

    def measures(self, rows: Sequence[dict[str, Any]], evidence: Evidence) -> Iterator[Measure]:
        usual = _usual(evidence.peers)
        if usual is None:
            return
        mean, spread = usual
        for step, value in steps_and_values(rows, self.params["metric"]):
            yield step, (value - mean) / spread, (value,)

    def holds(self, measure: float) -> bool:
        threshold = self.params["threshold"]
        tests = {"increase": measure >= threshold, "decrease": measure <= -threshold, "any": abs(measure) >= threshold}
        return bool(tests[self.params["direction"]])

    def status(self, measure: float) -> str:
        wanted = f"{readable(self.params['threshold'])} {_WORDS[self.params['direction']]}"
        return f"{readable(measure)} standard deviations from the mean of the other runs; wanted: {wanted}"

    def sentence(self) -> str:
        away, runs = _WORDS[self.params["direction"]], self.params["window"]
        deviations = strong(f"{readable(self.params['threshold'])} standard deviations")
        return rich_text(metric(self.params["metric"]), " is ", deviations, f" {away} the last {runs} other runs")

    def short(self) -> str:
        return f"zscore({self.params['metric']}) {self.params['direction']} {readable(self.params['threshold'])}"

    def unmeasured(self, evidence: Evidence) -> str:
        if len(evidence.peers) < _FEWEST_PEERS:
            return f"{len(evidence.peers)} other runs have this metric; it takes {_FEWEST_PEERS}"
        return "the other runs all ended at one value, or the metric was not logged: there is nothing to compare"


def _usual(peers: Sequence[float]) -> tuple[float, float] | None:
    """Give mean and sample standard deviation; None where there are too few values, or no spread."""
    if len(peers) < _FEWEST_PEERS:
        return None
    spread = statistics.stdev(peers)
    return (math.fsum(peers) / len(peers), spread) if spread > 0 else None
