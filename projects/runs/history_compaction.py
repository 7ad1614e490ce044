"""Compaction of history: chunks as they were posted become fewer and smaller ones, behind the ingest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, IntegerField, QuerySet, When
from django.db.models.functions import Length

from common.data.fields import json_text
from common.processes import crash_points
from projects.compaction.chunk_parts import STORED_SIZE, expanded, merge, packed_size, parts_of
from projects.compaction.grouping import ChunkFacts, groups
from projects.models import HistoryChunk, Run
from projects.runs.lifecycle import lock_run

logger = logging.getLogger(__name__)

# Of so many chunks it is looked at once which belong together.
_MOST_CHUNKS = 3000
# What a packed byte was as text, about.
_TEXT_OF_A_BYTE = 6
_SIZE = Case(
    When(packed__isnull=True, then=Length("rows")),
    default=Length(F("packed")) * _TEXT_OF_A_BYTE,
    output_field=IntegerField(),
)
_MERGED = (
    "packed", "sample", "rows", "first_part", "part_count", "offset", "position", "sent_offset", "row_count", "lowest",
    "highest",
)  # fmt: skip


def compact_from(chunk: HistoryChunk, older_than: datetime) -> Iterator[int]:
    """Merge what follows this chunk in its stream, and came before this moment; give how many became one each time.

    Each merge is a short transaction. What is merged was read, written and compared before it begins.
    """
    there = HistoryChunk.objects.filter(run=chunk.run_id, stream=chunk.stream)
    before = there.filter(position__lt=chunk.position).order_by("-position").values_list("position", flat=True).first()
    start = chunk.position if before is None else before
    for group in groups(_facts(there.filter(position__gte=start), older_than)):
        if _merge(there, [one.pk for one in group]):
            yield len(group)


def merge_again(run_id: int, stream: str, position: int, count: int) -> bool:
    """Merge so many chunks from this position on, which were one in another database; give whether they are now.

    Not where one of them is compacted, or missing: what is there stays as it is.
    """
    there = HistoryChunk.objects.filter(run=run_id, stream=stream)
    rows = there.filter(position__gte=position).order_by("position").values_list("pk", "part_count")[:count]
    ids = [pk for pk, parts in rows if parts is None]
    return len(ids) == count and _merge(there, ids)


def _facts(chunks: QuerySet[HistoryChunk], older_than: datetime) -> Iterator[ChunkFacts]:
    found = chunks.annotate(text=_SIZE).order_by("position").defer("rows", "packed", "sample")
    for chunk in found[:_MOST_CHUNKS]:
        if chunk.created_at >= older_than:
            return
        yield ChunkFacts(
            pk=chunk.pk, offset=chunk.offset, position=chunk.position, row_count=chunk.row_count, writer=chunk.writer,
            sent_offset=chunk.sent_offset, is_copy=chunk.is_copy, has_range=chunk.lowest is not None,
            created_at=chunk.created_at, is_packed=chunk.part_count is not None, text=chunk.text,
        )  # fmt: skip


def _merge(there: QuerySet[HistoryChunk], ids: list[int]) -> bool:
    seen = _places(there, ids)
    chunks = _read(there, ids)
    if len(chunks) != len(ids) or not all(map(_is_readable, expanded(chunks))):
        return False
    before = list(map(_said, expanded(chunks)))
    merged = merge(chunks)
    if list(map(_said, parts_of(merged))) != before:
        logger.error("run %s: chunks %s to %s stay: compacted they would differ", merged.run_id, ids[0], ids[-1])
        return False
    return packed_size(merged) < sum(place[-1] for place in seen) and _replace(there, ids, seen, merged)


def _read(there: QuerySet[HistoryChunk], ids: list[int]) -> list[HistoryChunk]:
    chunks: list[Any] = list(there.filter(pk__in=ids).annotate(length=Length("rows")).order_by("position"))
    for chunk in chunks:
        chunk.text_length = chunk.length
    return chunks


def _is_readable(chunk: HistoryChunk) -> bool:
    rows: Any = chunk.rows
    return isinstance(rows, list) and len(rows) == chunk.row_count and all(isinstance(row, dict) for row in rows)


def _said(part: HistoryChunk) -> tuple[Any, ...]:
    place = (part.pk, part.offset, part.position, part.row_count, part.writer, part.sent_offset, part.is_copy)
    return *place, part.lowest, part.highest, part.created_at, part.text_length, json_text(part.rows)


def _places(there: QuerySet[HistoryChunk], ids: list[int]) -> list[tuple[Any, ...]]:
    found = there.filter(pk__in=ids).annotate(size=STORED_SIZE).order_by("position")
    return list(found.values_list("pk", "offset", "position", "row_count", "size"))


def _replace(there: QuerySet[HistoryChunk], ids: list[int], seen: list[tuple[Any, ...]], merged: HistoryChunk) -> bool:
    """Put the merged chunk in the place of these, unless one was cut or removed since it was read."""
    with transaction.atomic():
        try:
            locked = lock_run(merged.run)
        except Run.DoesNotExist:
            # It is being deleted.
            return False
        if _places(there, ids) != seen:
            return False
        there.filter(pk__in=ids).exclude(pk=merged.pk).delete()
        merged.save(update_fields=_MERGED)
        crash_points.reached("history.merging")
        if locked.bytes_logged is not None:
            saved = sum(place[-1] for place in seen) - packed_size(merged)
            locked.bytes_logged = max(0, locked.bytes_logged - saved)
            locked.save(update_fields=["bytes_logged"])
    return True


def open_chunks(after: int) -> QuerySet[HistoryChunk]:
    """Give the chunks behind this id that are as they were posted, by id."""
    return HistoryChunk.objects.filter(pk__gt=after, packed__isnull=True).order_by("pk")
