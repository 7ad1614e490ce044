"""Chart data of a run as JSON columns: each metric downsampled, with its steps, times and epochs (docs/pages.md)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from projects.charts.section_order import section_order
from projects.compaction.even_spread import evenly_spaced
from projects.history.downsampling import downsampled_rows
from projects.history.row_values import HistoryRow, metrics_of, number, value_at
from projects.models import Run, Stream

# Where a point stands, by the name of the axis and the column that says so.
AXES = {"time": "_timestamp", "epoch": "epoch"}
# More than any page draws at once.
MOST_COLUMNS = 500
ChartPoint = tuple[float, float, dict[str, float | None]]


def chart_columns(
    run: Run,
    samples: int = 500,
    stream: str = Stream.HISTORY,
    between: tuple[str, str] | None = None,
    only: Collection[str] = (),
) -> dict[str, Any]:
    """Give numeric metrics as columns, thinned out to so many points. NaN and infinity are words.

    At most so many metrics; `next` is the name of the one that follows them.

    Where not all are wanted: `only` names them, or `between` are the first and the last in the order of the panels.
    """
    rows = list(downsampled_rows(run, stream))
    first, last = between or ("", "")
    ends = section_order(first), section_order(last)
    wanted = [name for name in metrics_of(rows) if not between or ends[0] <= section_order(name) <= ends[1]]
    wanted = sorted((name for name in wanted if not only or name in only), key=section_order)
    more = {"next": wanted[MOST_COLUMNS]} if len(wanted) > MOST_COLUMNS else {}
    return {"metrics": columns_of(rows, samples, wanted[:MOST_COLUMNS]), **more}


def columns_of(rows: Iterable[HistoryRow], samples: int = 500, wanted: Sequence[str] | None = None) -> dict[str, Any]:
    """Give the numeric metrics of these rows as columns: all of them, or the wanted ones."""
    there = list(rows)
    places = [_place(row, line) for line, row in enumerate(there)]
    found = {}
    for metric in metrics_of(there) if wanted is None else wanted:
        numbers = ((place, number(value_at(row, metric))) for place, row in zip(places, there, strict=True))
        points = [(place[0], value, place[1]) for place, value in numbers if value is not None]
        found[metric] = _columns(evenly_spaced(points, samples))
    return found


def _place(row: HistoryRow, line: int) -> tuple[float, dict[str, float | None]]:
    step = number(row.get("_step"))
    return line if step is None else step, {axis: number(row.get(column)) for axis, column in AXES.items()}


def _columns(points: Sequence[ChartPoint]) -> dict[str, Any]:
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
