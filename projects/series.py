"""The metrics of a run as plain series, for charts that the server draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from projects.models import Run, Stream
from projects.rows import Row, metrics_of, number, value_at
from projects.sampling import spread
from projects.thinning import some_rows


@dataclass(frozen=True)
class Series:
    """One metric over its steps. `values` may hold NaN and infinity."""

    metric: str
    steps: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class Logged:
    """What a run logged, read once: the names of all its metrics, and any of them as a series."""

    rows: Sequence[Row]
    metrics: Sequence[str]

    @classmethod
    def by(cls, run: Run, stream: str = Stream.HISTORY) -> Logged:
        rows = list(some_rows(run, stream))
        return cls(rows, metrics_of(rows))

    def series(self, metric: str, samples: int) -> Series:
        """Give the metric, thinned out to so many points."""
        numbers = ((row, number(value_at(row, metric))) for row in self.rows)
        found = spread([(row, value) for row, value in numbers if value is not None], samples)
        return Series(metric, [_step(row) for row, _value in found], [value for _row, value in found])


def series(run: Run, samples: int = 400, stream: str = Stream.HISTORY) -> list[Series]:
    """Give every numeric metric of a run, thinned out to so many points each."""
    logged = Logged.by(run, stream)
    return [logged.series(metric, samples) for metric in logged.metrics]


def _step(row: Row) -> float:
    found = number(row.get("_step"))
    return math.nan if found is None else found
