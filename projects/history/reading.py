"""Read stored history: rows, and the last values of a metric before a position or chunk. Never writes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain, islice

from django.db.models import Q, QuerySet

from projects.compaction.chunk_parts import bare_parts, expanded, parts_of, rows_of_chunk
from projects.history.row_values import HistoryRow, keys_of, newest_values, number, value_at, values
from projects.models import HistoryChunk, Run, Stream

# A machine says all its metrics each time: what is not among so many chunks is not said.
_MOST_CHUNKS_BACK = 100
# Where few are wanted: a compacted one is large.
_AT_ONCE = 4


def last_row(run: Run, stream: str = Stream.HISTORY) -> HistoryRow | None:
    """Give the row with the highest line number."""
    found = run.chunks.filter(stream=stream).order_by("-offset").values_list("rows", "packed").first()
    rows = rows_of_chunk(*found) if found else []
    return rows[-1] if rows else None


def past_values(run_id: int, stream: str, metric: str, *, before: int, count: int) -> list[float]:
    """Give the last `count` numbers logged before this position, oldest first."""
    found: list[float] = []
    if not (before and count):
        return found
    chunks = HistoryChunk.objects.filter(run_id=run_id, stream=stream, position__lt=before).order_by("-position")
    keys = keys_of(metric)
    for position, rows, packed in chunks.values_list("position", "rows", "packed").iterator(chunk_size=_AT_ONCE):
        # A compacted one may go on behind it.
        found = values(rows_of_chunk(rows, packed, keys)[: before - position], metric) + found
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
    begun = Q(pk__lt=before) | Q(first_part__lt=before)
    chunks = HistoryChunk.objects.filter(begun, run=run, stream=stream).order_by("-position")
    if stream == Stream.HISTORY:
        newest = number(value_at(run.summary, metric))
        if newest is None or run.last_chunk is None or run.last_chunk < before:
            return newest
    newest_first = _rows_before(chunks, metric, before)
    if stream != Stream.HISTORY:
        # No summary says that a run has no such metric, and it shall not cost its whole history to see that.
        newest_first = islice(newest_first, _MOST_CHUNKS_BACK)
    return next((value for rows in newest_first for value in newest_values(rows, metric, 1)), None)


def _rows_before(chunks: QuerySet[HistoryChunk], metric: str, before: int) -> Iterator[list[HistoryRow]]:
    """Give the rows of each chunk that came before this one, the newest first; what holds the metric of them."""
    for chunk in chunks.iterator(chunk_size=_AT_ONCE):
        rows = rows_of_chunk(chunk.rows, chunk.packed, keys_of(metric))
        end = len(rows)
        for part in reversed(list(bare_parts(chunk))):
            if part.pk < before:
                yield rows[end - part.row_count : end]
            end -= part.row_count


def last_logged_at(run: Run) -> datetime:
    """Give when the run last logged anything; its start where it never did."""
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY).order_by("-position")
    return chunks.values_list("created_at", flat=True).first() or run.created_at


def newest_chunks(run: Run, since: int = 0) -> Iterator[tuple[int, datetime, list[HistoryRow]]]:
    """Give where each chunk from this position on ends, when it came, and its rows: the newest first."""
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY).order_by("-position")
    before = chunks.filter(position__lt=since, part_count__isnull=False)[:1]
    for chunk in chain(chunks.filter(position__gte=since).iterator(chunk_size=_AT_ONCE), before):
        for part in reversed(parts_of(chunk)):
            if part.position >= since:
                yield part.position + part.row_count, part.created_at, part.rows


def rows_of(run: Run, stream: str = Stream.HISTORY) -> Iterator[HistoryRow]:
    """Give every row, in the order of the client's line numbers."""
    chunks = run.chunks.filter(stream=stream).order_by("offset").values_list("rows", "packed")
    for rows, packed in chunks.iterator(chunk_size=50):
        yield from rows_of_chunk(rows, packed)


def chunks_numbered(of_runs: Mapping[int, int]) -> dict[int, HistoryChunk]:
    """Give the chunks of these ids, each with its run, as they were when they came."""
    found = {pk: chunk for pk, chunk in HistoryChunk.objects.in_bulk(list(of_runs)).items() if chunk.packed is None}
    for pk in of_runs.keys() - found.keys():
        holding = HistoryChunk.objects.filter(run=of_runs[pk], first_part__lte=pk, pk__gte=pk)
        found |= {part.pk: part for part in expanded(holding) if part.pk == pk}
    return found
