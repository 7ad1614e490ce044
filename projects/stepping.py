"""Read a history by its steps, a part at a time, without reading what comes before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from django.db.models import QuerySet

from projects.models import HistoryChunk, Run, Stream
from projects.rows import Row, number


def step_of(row: Row, line: int) -> float:
    """Give where the row stands: its step, or where it says none its line."""
    found = number(row.get("_step"))
    return line if found is None else found


def last_step(run: Run) -> float | None:
    """Give the step of the last row; None where nothing was logged."""
    last = _chunks(run).order_by("-offset").values_list("offset", "rows").first()
    if last is None or not last[1]:
        return None
    offset, rows = last
    return step_of(rows[-1], offset + len(rows) - 1)


def rows_between(run: Run, first: float, end: float) -> Iterator[Row]:
    """Give the rows from the first step to before the end. Steps rise with the lines, as the wandb SDK has it."""
    for line, row in _rows_from(run, first):
        step = step_of(row, line)
        if step >= end:
            return
        if step >= first:
            yield row


def _rows_from(run: Run, step: float) -> Iterator[tuple[int, Row]]:
    places = list(_chunks(run).order_by("offset").values_list("offset", "pk"))
    # The last one that begins before it: those before that one hold lower steps only.
    start = max(0, bisect_left(places, step, key=lambda place: _first_step(*place)) - 1)
    chunks = _chunks(run).filter(offset__gte=places[start][0]) if places else _chunks(run)
    for offset, rows in chunks.order_by("offset").values_list("offset", "rows").iterator(chunk_size=20):
        yield from enumerate(rows, offset)


def _first_step(offset: int, pk: int) -> float:
    rows = HistoryChunk.objects.filter(pk=pk).values_list("rows", flat=True).first()
    return step_of(rows[0], offset) if rows else offset


def _chunks(run: Run) -> QuerySet[HistoryChunk]:
    return HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY)
