"""Row identity, for deduplication: which rows of a batch are stored already, however their lines were counted.

A row is the same as another of its run where step and content are: `wandb sync` sends a folder again under other line
numbers, and with the keys in another order. The time in it tells rows of different writers apart. A row that says
no time is known by its writer too, and one that says no step by its line besides.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Max, Q, QuerySet

from projects.compaction.chunk_parts import rows_of_chunk
from projects.history.row_batch import MOST_ROWS_OF_A_CHUNK, RowBatch
from projects.history.row_tombstone import RowTombstone
from projects.history.row_values import HistoryRow, number
from projects.models import HistoryChunk, Run, Stream

# What rows of a stream are ordered by.
ORDER_KEYS = {Stream.HISTORY.value: "_step", Stream.SYSTEM.value: "_timestamp"}
# Up to here an integer is one as a float too.
_EXACT = 2**53
_Identity = tuple[str | int, ...]


@dataclass
class NewRows:
    """Which rows of a batch are not stored yet, by their place in it, and how many of these another row contradicts."""

    places: list[int] = field(default_factory=list)
    differing: int = 0


def place_of(row: HistoryRow, stream: str) -> float | None:
    """Give the row's step (of system metrics: its time); None where it says none."""
    found = number(row.get(ORDER_KEYS[stream]))
    return found if found is not None and math.isfinite(found) else None


def rising_range(rows: Sequence[HistoryRow], stream: str) -> tuple[float, float] | None:
    """Give the first and the last step where every row has one, and each is above the one before."""
    key = ORDER_KEYS[stream]
    found: list[Any] = [row.get(key) for row in rows]
    if not set(map(type, found)) <= {int, float}:
        return None
    first, last = found[0], found[-1]
    if not (first > -_EXACT and last < _EXACT) or not all(map(operator.lt, found, islice(found, 1, None))):
        return None
    return float(first), float(last)


def range_of(rows: Sequence[HistoryRow], stream: str, offset: int) -> tuple[float, float]:
    """Give the lowest and the highest step; a row without one stands at its line."""
    found = [place_of(row, stream) for row in rows]
    places = [float(line) if place is None else place for line, place in enumerate(found, offset)]
    return min(places), max(places)


def highest_place(run: Run, stream: str) -> float | None:
    """Give the highest step that the run has logged, where it is not kept with the run."""
    rows = HistoryChunk.objects.filter(run=run, stream=stream)
    found: float | None = rows.aggregate(highest=Max("highest"))["highest"]
    return found


def new_rows(run: Run, stream: str, batch: RowBatch) -> NewRows:
    """Compare the batch with what is stored of its steps and its lines."""
    compared = RowComparison(stream, batch)
    compared.drop(RowTombstone.of(run, stream))
    for writer, offset, rows in _stored_near(run, stream, batch, compared.places):
        compared.meet(writer, offset, rows)
    return compared.result()


class RowComparison:
    """Row deduplication: the rows of a batch, of which those go that are met again. It asks no database."""

    def __init__(self, stream: str, batch: RowBatch) -> None:
        self._stream, self._batch = stream, batch
        self._new: dict[_Identity, int] = {}
        self._at: dict[_Identity, list[int]] = {}
        self._contradicted: set[int] = set()
        self.places = [place_of(row, stream) for row in batch.rows]
        for number_, (row, place) in enumerate(zip(batch.rows, self.places, strict=True)):
            line = batch.offset + number_
            self._new.setdefault(_identity(row, place, line, batch.writer), number_)
            self._at.setdefault(_spot(place, line), []).append(number_)

    def meet(self, writer: str, offset: int, rows: Iterable[HistoryRow]) -> None:
        for line, row in enumerate(rows, offset):
            place = place_of(row, self._stream)
            rivals = self._at.get(_spot(place, line))
            if rivals is None or (place is None and writer != self._batch.writer):
                continue
            if self._new.pop(_identity(row, place, line, writer), None) is None and not writer:
                self._contradicted.update(one for one in rivals if _contradict(self._batch.rows[one], row))

    def drop(self, tombstone: RowTombstone | None) -> None:
        """Leave out what was there and was removed."""
        if tombstone is not None:
            rows = zip(self._batch.rows, self.places, strict=True)
            held = {
                number_
                for number_, (row, place) in enumerate(rows)
                if tombstone.holds(row, place, self._batch.offset + number_)
            }
            self._new = {identity: number_ for identity, number_ in self._new.items() if number_ not in held}

    def result(self) -> NewRows:
        left = sorted(self._new.values())
        return NewRows(left, len(self._contradicted.intersection(left)))


def _spot(place: float | None, line: int) -> _Identity:
    return ("line", line) if place is None else ("step", repr(place))


def _identity(row: HistoryRow, place: float | None, line: int, writer: str) -> _Identity:
    content = json.dumps(row, sort_keys=True)
    if place is None:
        return content, writer, line
    return (content,) if number(row.get("_timestamp")) is not None else (content, writer)


def _contradict(one: HistoryRow, other: HistoryRow) -> bool:
    """Whether both say something of a metric, and not the same."""
    shared = [key for key in one.keys() & other.keys() if not key.startswith("_")]
    return any(json.dumps(one[key], sort_keys=True) != json.dumps(other[key], sort_keys=True) for key in shared)


def _stored_near(
    run: Run, stream: str, batch: RowBatch, places: Sequence[float | None]
) -> Iterator[tuple[str, int, list[HistoryRow]]]:
    """Give writer, the client's line number and rows of each chunk that may hold some of these."""
    chunks = HistoryChunk.objects.filter(run=run, stream=stream)
    with_place = [place for place in places if place is not None]
    seen = set[int]()
    if with_place:
        yield from _read(chunks.filter(lowest__lte=max(with_place), highest__gte=min(with_place)), seen)
    if len(with_place) < len(places):
        first = batch.offset - MOST_ROWS_OF_A_CHUNK
        there = Q(sent_offset__isnull=True, offset__gt=first, offset__lt=batch.end)
        moved = Q(sent_offset__gt=first, sent_offset__lt=batch.end)
        yield from _read(chunks.filter(there | moved, writer=batch.writer or None), seen)


def _read(chunks: QuerySet[HistoryChunk], seen: set[int]) -> Iterator[tuple[str, int, list[HistoryRow]]]:
    named = chunks.values_list("pk", "writer", "sent_offset", "offset", "rows", "packed")
    for pk, writer, sent_offset, offset, *stored in named.iterator(chunk_size=20):
        if pk not in seen:
            seen.add(pk)
            yield writer or "", offset if sent_offset is None else sent_offset, rows_of_chunk(*stored)
