"""Make rows of series, by an external sort: an export holds one attribute after the other, and rows hold one moment.

The values lie in a temporary database meanwhile, for they may be more than fit into memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from importers.neptune.exported_values import SeriesPoint
from projects.history.row_values import HistoryRow


def sorted_rows(points: Iterable[SeriesPoint], *, started_at: int) -> Iterator[HistoryRow]:
    """Give a row for each time and step, in the order in which they were logged.

    What says no time was logged at the start. The same metric twice at one moment makes two rows.
    """
    with (
        TemporaryDirectory(prefix="runbell-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "points.sqlite3", check_same_thread=False)) as sorting,
    ):
        # It is thrown away in any case.
        sorting.execute("PRAGMA journal_mode = OFF")
        sorting.execute("PRAGMA synchronous = OFF")
        sorting.execute("CREATE TABLE points (time INTEGER, step REAL, name TEXT, value TEXT)")
        sorting.executemany("INSERT INTO points VALUES (?, ?, ?, ?)", _stored(points, started_at))
        found = sorting.execute("SELECT time, step, name, value FROM points ORDER BY time, step, name, rowid")
        for (time, step), values in groupby(found, key=itemgetter(0, 1)):
            yield from _rows_of_a_moment(time, step, ((name, json.loads(text)) for _time, _step, name, text in values))


def _stored(points: Iterable[SeriesPoint], started_at: int) -> Iterator[tuple[int, float, str, str]]:
    for point in points:
        time = started_at if point.time is None else point.time
        # NaN is none to SQLite: as JSON it stays one.
        yield time, point.step or 0.0, point.path, json.dumps(point.value)


def _rows_of_a_moment(time: int, step: float, values: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    seen: dict[str, int] = defaultdict(int)
    for name, value in values:
        if seen[name] == len(rows):
            rows.append({"_step": int(step) if step.is_integer() else step, "_timestamp": time / 1000})
        rows[seen[name]][name] = value
        seen[name] += 1
    return rows
