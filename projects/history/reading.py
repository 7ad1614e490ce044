"""Read stored history: rows, and the last values of a metric before a position or chunk. Never writes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet

from projects.history.row_values import HistoryRow, newest_values, number, value_at, values
from projects.models import HistoryChunk, Run, Stream

# A machine says all its metrics each time: what is not among so many chunks is not said.
_MOST_CHUNKS_BACK = 100


def last_row(run: Run, stream: str = Stream.HISTORY) -> HistoryRow | None:
    """Give the row with the highest line number."""
    rows = run.chunks.filter(stream=stream).order_by("-offset").values_list("rows", flat=True).first()
    return rows[-1] if rows else None


def past_values(run_id: int, stream: str, metric: str, *, before: int, count: int) -> list[float]:
    """Give the last `count` numbers logged before this position, oldest first."""
    found: list[float] = []
    if not (before and count):
        return found
    chunks = HistoryChunk.objects.filter(run_id=run_id, stream=stream, position__lt=before).order_by("-position")
    for rows in chunks.values_list("rows", flat=True).iterator(chunk_size=50):
        found = values(rows, metric) + found
        if len(found) >= count:
            break
    return found[len(found) - count :] if len(found) > count else found


def last_values_of_other_runs(run_id: int, stream: str, metric: str, *, before: int, count: int) -> list[float]:
    """Give the last finite values, before this chunk, of the most recently started other runs of the project.

    A run that never logged the metric, or stood at NaN then, says nothing of what is usual.
    """
    stood = last_values_before(runs_of_same_project(run_id).exclude(pk=run_id), stream, metric, before=before)
    return list(islice((value for _started_at, _run, value in stood if math.isfinite(value)), count))


def runs_of_same_project(run_id: int) -> QuerySet[Run]:
    """Give the runs of the run's project, the most recently started first."""
    project = Run.objects.filter(pk=run_id).values("project")
    return Run.objects.filter(project__in=project).order_by("-created_at", "-pk")


def last_values_before(
    runs: QuerySet[Run], stream: str, metric: str, *, before: int
) -> Iterator[tuple[datetime, int, float]]:
    """Give when each run started, its number, and its last value before the chunk, where it has one."""
    for run in runs.only("summary", "last_chunk", "created_at").iterator(chunk_size=100):
        value = _value_before(run, stream, metric, before)
        if value is not None:
            yield run.created_at, run.pk, value


def _value_before(run: Run, stream: str, metric: str, before: int) -> float | None:
    """Give the run's last value before the chunk: its summary, or what is stored where it has logged since."""
    # By position, which a run's chunks have in the order of their ids: there is an index of it.
    chunks = HistoryChunk.objects.filter(run=run, stream=stream, pk__lt=before).order_by("-position")
    if stream == Stream.HISTORY:
        newest = number(value_at(run.summary, metric))
        if newest is None or run.last_chunk is None or run.last_chunk < before:
            return newest
    else:
        # No summary says that a run has no such metric, and it shall not cost its whole history to see that.
        chunks = chunks[:_MOST_CHUNKS_BACK]
    for rows in chunks.values_list("rows", flat=True).iterator(chunk_size=20):
        found = newest_values(rows, metric, 1)
        if found:
            return found[0]
    return None


def last_logged_at(run: Run) -> datetime:
    """Give when the run last logged anything; its start where it never did."""
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY).order_by("-position")
    return chunks.values_list("created_at", flat=True).first() or run.created_at


def newest_chunks(run: Run, since: int = 0) -> Iterator[tuple[int, datetime, list[HistoryRow]]]:
    """Give where each chunk from this position on ends, when it came, and its rows: the newest first."""
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY, position__gte=since).order_by("-position")
    named = chunks.values_list("position", "row_count", "created_at", "rows")
    for position, count, created_at, rows in named.iterator(chunk_size=20):
        yield position + count, created_at, rows


def rows_of(run: Run, stream: str = Stream.HISTORY) -> Iterator[HistoryRow]:
    """Give every row, in the order of the client's line numbers."""
    chunks = run.chunks.filter(stream=stream).order_by("offset").values_list("rows", flat=True)
    for rows in chunks.iterator(chunk_size=50):
        yield from rows
