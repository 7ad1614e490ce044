"""Series of a run's metrics, downsampled, for charts that the server draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from projects.compaction.even_spread import evenly_spaced
from projects.history.downsampling import downsampled_rows
from projects.history.row_values import HistoryRow, metrics_of, number, value_at
from projects.models import Run, Stream


@dataclass(frozen=True)
class Series:
    """One metric over its steps. `values` may hold NaN and infinity."""

    metric: str
    steps: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class LoggedSeries:
    """What a run logged, read once: the names of all its metrics, and any of them as a series."""

    rows: Sequence[HistoryRow]
    metrics: Sequence[str]

    @classmethod
    def by(cls, run: Run, stream: str = Stream.HISTORY) -> LoggedSeries:
        rows = list(downsampled_rows(run, stream))
        return cls(rows, metrics_of(rows))

    def series(self, metric: str, samples: int) -> Series:
        """Give the metric, thinned out to so many points."""
        numbers = ((row, number(value_at(row, metric))) for row in self.rows)
        found = evenly_spaced([(row, value) for row, value in numbers if value is not None], samples)
        return Series(metric, [_step(row) for row, _value in found], [value for _row, value in found])


def series(run: Run, samples: int = 400, stream: str = Stream.HISTORY) -> list[Series]:
    """Give every numeric metric of a run, thinned out to so many points each."""
    logged = LoggedSeries.by(run, stream)
    return [logged.series(metric, samples) for metric in logged.metrics]


def _step(row: HistoryRow) -> float:
    found = number(row.get("_step"))
    return math.nan if found is None else found
