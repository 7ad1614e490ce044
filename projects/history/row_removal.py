"""Row removal: the rows of a run go, oldest first, all but the last one; their tombstone stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any

from django.db.models import QuerySet

from common.data.fields import json_text
from projects.compaction.chunk_parts import STORED_SIZE, merge, packed_size, rows_of_chunk
from projects.history.row_identity import range_of
from projects.history.row_tombstone import RowTombstone
from projects.history.row_values import HistoryRow, number
from projects.models import HistoryChunk, Run

# What one transaction reads and deletes at most: for their tombstone the rows are read.
_MOST_CHUNKS, _MOST_BYTES = 200, 4 * 2**20
# Of rows that are thinned, one in so long is left.
EACH_SECONDS = 300
# Under the stream's name and this the run says how far that has come.
_THINNED = "_thinned"


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


def thin_some_rows(locked: Run, stream: str, now: datetime) -> int:
    """Leave of the locked run's rows one in so many seconds, and its last chunk; of some chunks at a time.

    Rows that say no time stay. Give how many went; `is_thinned` says when that was all there is.
    """
    reached = _thinned(locked, stream).get("position", -1)
    tombstone = replace(RowTombstone.of(locked, stream) or RowTombstone(now), at=now)
    chunks = HistoryChunk.objects.filter(run=locked, stream=stream).annotate(size=STORED_SIZE)
    last = chunks.order_by("-offset").first()
    before = chunks.filter(position__lte=reached).order_by("-position").first()
    bucket = _bucket(rows_of_chunk(before.rows, before.packed)[-1]) if before else None
    removed = size = 0
    found = _oldest(chunks.filter(position__gt=reached).exclude(pk=last.pk)) if last else []
    for chunk in found:
        covering = _covering(tombstone, chunk)
        gone, less, bucket = _thin(chunk, bucket)
        tombstone = covering if gone else tombstone
        removed, size, reached = removed + gone, size + less, chunk.position
    if removed:
        replace(tombstone, rows=tombstone.rows + removed).put(locked, stream)
    is_all = not (last and chunks.filter(position__gt=reached).exclude(pk=last.pk).exists())
    said = {"position": reached, "at": now.isoformat(), "is_all": is_all}
    locked.removed_rows = {**(locked.removed_rows or {}), f"{stream}{_THINNED}": said}
    if locked.bytes_logged is not None:
        locked.bytes_logged = max(0, locked.bytes_logged - size)
    locked.save(update_fields=["removed_rows", "bytes_logged"])
    return removed


def is_thinned(run: Run, stream: str, *, since: datetime) -> bool:
    said = _thinned(run, stream)
    return bool(said.get("is_all")) and datetime.fromisoformat(said["at"]) >= since


def _thinned(run: Run, stream: str) -> dict[str, Any]:
    found: dict[str, Any] = (run.removed_rows or {}).get(f"{stream}{_THINNED}", {})
    return found


def _thin(chunk: Any, bucket: float | None) -> tuple[int, int, float | None]:
    """Leave the first row of each span of time; give how many went, how many bytes, and the span of the last row."""
    rows, kept = rows_of_chunk(chunk.rows, chunk.packed), []
    for row in rows:
        known, bucket = bucket, _bucket(row)
        if bucket is None or bucket != known:
            kept.append(row)
    if len(kept) == len(rows):
        return 0, 0, bucket
    if not kept:
        HistoryChunk.objects.filter(pk=chunk.pk).delete()
        return len(rows), int(chunk.size), bucket
    is_packed = chunk.packed is not None
    chunk.packed = chunk.first_part = chunk.part_count = chunk.sample = None
    chunk.rows, chunk.row_count = kept, len(kept)
    chunk.lowest, chunk.highest = range_of(kept, chunk.stream, chunk.offset)
    left = chunk.text_length = len(json_text(kept))
    if is_packed:
        left = packed_size(merge([chunk]))
    chunk.save(update_fields=["rows", "packed", "first_part", "part_count", "sample", "row_count", "lowest", "highest"])
    return len(rows) - len(kept), int(chunk.size) - left, bucket


def _bucket(row: HistoryRow) -> float | None:
    time = number(row.get("_timestamp"))
    return None if time is None or not isfinite(time) else time // EACH_SECONDS


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
