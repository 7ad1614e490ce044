"""What the charts of a run draw: each metric with the steps, times and epochs it was logged at (docs/pages.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from projects.models import Run, Stream
from projects.rows import Row, metrics_of, number, value_at
from projects.sampling import spread
from projects.thinning import some_rows

# Where a point stands, by the name of the axis and the column that says so.
AXES = {"time": "_timestamp", "epoch": "epoch"}
Point = tuple[float, float, dict[str, float | None]]


def plotted(
    run: Run, samples: int = 500, stream: str = Stream.HISTORY, between: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Give numeric metrics as columns, thinned out to so many points. NaN and infinity are words.

    `between` are the first and the last name of those that are wanted, where not all are.
    """
    rows = list(some_rows(run, stream))
    first, last = between or ("", "")
    wanted = [name for name in metrics_of(rows) if not between or first <= name <= last]
    return {"metrics": columns_of(rows, samples, wanted)}


def columns_of(rows: Iterable[Row], samples: int = 500, wanted: Sequence[str] | None = None) -> dict[str, Any]:
    """Give the numeric metrics of these rows as columns: all of them, or the wanted ones."""
    there = list(rows)
    places = [_place(row, line) for line, row in enumerate(there)]
    found = {}
    for metric in metrics_of(there) if wanted is None else wanted:
        numbers = ((place, number(value_at(row, metric))) for place, row in zip(places, there, strict=True))
        points = [(place[0], value, place[1]) for place, value in numbers if value is not None]
        found[metric] = _columns(spread(points, samples))
    return found


def _place(row: Row, line: int) -> tuple[float, dict[str, float | None]]:
    step = number(row.get("_step"))
    return line if step is None else step, {axis: number(row.get(column)) for axis, column in AXES.items()}


def _columns(points: Sequence[Point]) -> dict[str, Any]:
    columns = {
        "step": [_written(step) for step, _value, _others in points],
        "values": [_written(value) for _step, value, _others in points],
    }
    for axis in AXES:
        column = [others[axis] for _step, _value, others in points]
        if _is_whole(column):
            columns[axis] = [_written(place) for place in column]
    return columns


def _is_whole(column: Iterable[float | None]) -> bool:
    """An axis serves where every point has its place on it."""
    return all(place is not None and math.isfinite(place) for place in column)


def _written(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
