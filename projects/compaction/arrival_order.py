"""Arrival order: history chunks of many runs in the order in which they came, those that are compacted by now too."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Coalesce

from common.data.batches import batched
from projects.compaction.chunk_parts import bare_parts, rows_of_chunk
from projects.models import HistoryChunk

_AT_ONCE = 200
# Compacted chunks of runs that logged side by side, whose rows are held: what is more is unpacked once more.
_HELD = 64


def in_order_of_arrival(chunks: QuerySet[HistoryChunk]) -> Iterator[HistoryChunk]:
    """Give these chunks as they were when they came."""
    begun = (
        chunks.order_by().annotate(came=Coalesce("first_part", "pk", output_field=BigIntegerField())).order_by("came")
    )
    rows_of = lru_cache(maxsize=_HELD)(_Held.rows)
    # By the id of what comes next of each chunk that is begun.
    waiting: list[tuple[int, _Held]] = []
    for batch in batched(begun.values_list("came", "pk").iterator(chunk_size=2000), _AT_ONCE):
        loaded = HistoryChunk.objects.in_bulk([pk for _came, pk in batch])
        for came, pk in batch:
            while waiting and waiting[0][0] < came:
                yield _next(waiting, rows_of)
            if pk in loaded:
                held = _Held(loaded[pk])
                heapq.heappush(waiting, (held.coming.pk, held))
    while waiting:
        yield _next(waiting, rows_of)


class _Held:
    """A chunk, of which some parts were given already."""

    def __init__(self, chunk: HistoryChunk) -> None:
        self._chunk, self._parts = chunk, bare_parts(chunk)
        self.coming = next(self._parts)

    def rows(self) -> list[Mapping[str, Any]]:
        return rows_of_chunk(self._chunk.rows, self._chunk.packed)

    def take(self, rows: list[Mapping[str, Any]]) -> tuple[HistoryChunk, HistoryChunk | None]:
        """Give the part that comes, and the one behind it."""
        part = self.coming
        begin = part.position - self._chunk.position
        part.rows = rows[begin : begin + part.row_count]
        following = next(self._parts, None)
        self.coming = following or part
        return part, following


def _next(waiting: list[tuple[int, _Held]], rows_of: Any) -> HistoryChunk:
    _pk, held = waiting[0]
    part, following = held.take(rows_of(held))
    if following is None:
        heapq.heappop(waiting)
    else:
        heapq.heapreplace(waiting, (following.pk, held))
    return part
