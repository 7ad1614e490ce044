"""Range queries by step: read a part of a history without reading what lies outside (an index of the chunks' steps)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter

from projects.compaction.chunk_parts import rows_of_chunk
from projects.history.row_identity import place_of
from projects.history.row_values import HistoryRow
from projects.models import HistoryChunk, Run, Stream

_Placed = tuple[float, int, HistoryRow]


def last_step(run: Run) -> float | None:
    """Give the highest step; None where nothing was logged."""
    last = last_row_by_step(run)
    return None if last is None else last[0]


def last_row_by_step(run: Run) -> tuple[float, HistoryRow] | None:
    """Give the highest step and its row; of several the one that was logged last."""
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY)
    found = chunks.order_by("-highest", "-offset").values_list("offset", "rows", "packed").first()
    if found is None:
        return None
    offset, *stored = found
    last = max(_placed(offset, rows_of_chunk(*stored)), key=itemgetter(0, 1), default=None)
    return None if last is None else (last[0], last[2])


def rows_between(run: Run, first: float, end: float) -> Iterator[HistoryRow]:
    """Give every row from the first step to before the end, in the order of steps; those of one step as they came.

    Steps need not rise with the lines: several processes may write a run, or one began anew. A row that says no step,
    as wandb 0.25 and 0.28 log them in shared mode, is given with its line as its step: no version reads one without.
    """
    for step, _line, row in _placed_between(run, first, end):
        yield row if "_step" in row else {**row, "_step": int(step)}


def _placed_between(run: Run, first: float, end: float) -> Iterator[_Placed]:
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY, lowest__lt=end, highest__gte=first)
    waiting: list[_Placed] = []
    named = chunks.order_by("lowest", "offset").values_list("lowest", "offset", "rows", "packed")
    for lowest, offset, *stored in named.iterator(chunk_size=20):
        # What stands before this chunk stands before all that follow.
        ready = bisect_left(waiting, lowest, key=itemgetter(0))
        yield from waiting[:ready]
        waiting = waiting[ready:] + [
            placed for placed in _placed(offset, rows_of_chunk(*stored)) if first <= placed[0] < end
        ]
        waiting.sort(key=itemgetter(0, 1))
    yield from waiting


def _placed(offset: int, rows: list[HistoryRow]) -> Iterator[_Placed]:
    """Give each row with its step, or where it says none its line, and with its line."""
    for line, row in enumerate(rows, offset):
        step = place_of(row, Stream.HISTORY)
        yield (line if step is None else step), line, row
