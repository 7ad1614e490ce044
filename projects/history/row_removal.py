"""Row removal: the rows of a run go, oldest first, all but the last one; their tombstone stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any

from django.db.models import QuerySet

from common.data.fields import json_text
from projects.compaction.chunk_parts import STORED_SIZE, rows_of_chunk
from projects.history.row_identity import range_of
from projects.history.row_tombstone import RowTombstone
from projects.history.row_values import number
from projects.models import HistoryChunk, Run

# What one transaction reads and deletes at most: for their tombstone the rows are read.
_MOST_CHUNKS, _MOST_BYTES = 200, 4 * 2**20


def remove_some_rows(locked: Run, stream: str, now: datetime) -> int:
    """Remove some of the oldest rows of the locked run; give how many. The tombstone says when only the last is left.

    What was counted and summed up of them, and the places at which clients go on, stay as they are.
    """
    tombstone = replace(RowTombstone.of(locked, stream) or RowTombstone(now), at=now, is_complete=False)
    chunks = HistoryChunk.objects.filter(run=locked, stream=stream).annotate(size=STORED_SIZE)
    last = chunks.order_by("-offset").first()
    removed = size = 0
    if last is not None:
        found = _oldest(chunks.exclude(pk=last.pk))
        for chunk in found:
            tombstone = _covering(tombstone, chunk)
            removed, size = removed + chunk.row_count, size + chunk.size
            # Positions only rise: the last line need not have come last.
            last.position = max(last.position, chunk.position + chunk.row_count - last.row_count)
        HistoryChunk.objects.filter(pk__in=[chunk.pk for chunk in found]).delete()
    if last is None or not chunks.exclude(pk=last.pk).exists():
        tombstone = replace(tombstone, is_complete=True)
        if last is not None:
            tombstone = _covering(tombstone, last)
            removed, size = removed + last.row_count - 1, size + _cut_to_last_row(last)
    replace(tombstone, rows=tombstone.rows + removed).put(locked, stream)
    if locked.bytes_logged is not None:
        locked.bytes_logged = max(0, locked.bytes_logged - size)
    locked.save(update_fields=["removed_rows", "bytes_logged"])
    return removed


def _oldest(chunks: QuerySet[Any]) -> list[Any]:
    """Give the chunks that came first, as many as one transaction takes."""
    ids, total = list[int](), 0
    for pk, size in chunks.order_by("position", "pk").values_list("pk", "size")[:_MOST_CHUNKS]:
        total += size
        if ids and total > _MOST_BYTES:
            break
        ids.append(pk)
    return list(chunks.filter(pk__in=ids).order_by("position", "pk"))


def _covering(tombstone: RowTombstone, chunk: HistoryChunk) -> RowTombstone:
    rows = rows_of_chunk(chunk.rows, chunk.packed, {"_timestamp"})
    times = [number(row.get("_timestamp")) for row in rows]
    return replace(
        tombstone,
        time=max((time for time in (*times, tombstone.time) if time is not None and isfinite(time)), default=None),
        step=max((step for step in (chunk.highest, tombstone.step) if step is not None), default=None),
        line=max(tombstone.line, chunk.offset + chunk.row_count),
    )


def _cut_to_last_row(chunk: Any) -> int:
    """Leave the last row, on the line and the position that it has; give how many bytes went."""
    gone = chunk.row_count - 1
    chunk.rows, chunk.row_count = rows_of_chunk(chunk.rows, chunk.packed)[-1:], 1
    chunk.packed = chunk.first_part = chunk.part_count = chunk.sample = None
    chunk.offset, chunk.position = chunk.offset + gone, chunk.position + gone
    if chunk.sent_offset is not None:
        chunk.sent_offset += gone
    chunk.lowest, chunk.highest = range_of(chunk.rows, chunk.stream, chunk.offset)
    columns = ["rows", "packed", "first_part", "part_count", "sample", "row_count", "offset", "position"]
    columns += ["sent_offset", "lowest", "highest"]
    chunk.save(update_fields=columns)
    left = len(json_text(chunk.rows))
    return int(chunk.size) - left
