"""Compacted chunks: several history chunks as one, in columns, and back: each as it was (id, moment, place, rows).

What a chunk was when it came decides what fires and what a backtest finds: so the chunks of old stay known, as parts.
A format has a number, and what was ever written in one is read for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db.models import BigIntegerField, F
from django.db.models.functions import Coalesce, Length

from common.data.fields import JSONText
from projects.compaction.column_encoding import decoded_column, encoded_column
from projects.compaction.even_spread import spread_lines
from projects.compaction.row_encoding import decoded_rows, encoded_rows
from projects.models import HistoryChunk

_FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# So many rows are kept apart for charts, and as many of those that say something rare.
_SAMPLED, _ONE_SAMPLED_OF = 64, 32
# Of a run as columns: what its chunks take as they are stored, text or packed.
STORED_SIZE = (
    Length("rows")
    + Coalesce(Length(F("packed")), 0, output_field=BigIntegerField())
    + Coalesce(Length(F("sample")), 0, output_field=BigIntegerField())
)


def merge(chunks: Sequence[HistoryChunk]) -> HistoryChunk:
    """Give one chunk in the place of these, which follow each other: the last of them, changed. Writes nothing."""
    parts = [part for chunk in chunks for part in parts_of(chunk)]
    first, last = parts[0], chunks[-1]
    rows = [row for part in parts for row in part.rows]
    facts = [encoded_column(column) for column in zip(*map(_facts, parts), strict=True)]
    last.packed = _written([encoded_rows(rows), len(parts), facts])
    lines = spread_lines(rows, min(_SAMPLED, 2 + len(rows) // _ONE_SAMPLED_OF))
    last.sample = _written([encoded_rows([rows[line] for line in lines]), len(lines), encoded_column(lines)])
    last.rows = JSONText("")
    last.first_part, last.part_count = first.pk, len(parts)
    last.offset, last.position, last.sent_offset = first.offset, first.position, first.sent_offset
    last.row_count = sum(part.row_count for part in parts)
    last.lowest = min(part.lowest for part in parts if part.lowest is not None)
    last.highest = max(part.highest for part in parts if part.highest is not None)
    return last


def packed_size(merged: HistoryChunk) -> int:
    """Give how many bytes a compacted chunk takes."""
    return sum(len(bytes(column)) for column in (merged.packed, merged.sample) if column is not None)


def parts_of(chunk: HistoryChunk) -> list[HistoryChunk]:
    """Give the chunks that it was made of, as they were; one that is not compacted is its own."""
    if chunk.packed is None:
        return [chunk]
    parts = list(bare_parts(chunk))
    rows = rows_of_chunk("", chunk.packed)
    begin = 0
    for part in parts:
        part.rows = rows[begin : begin + part.row_count]
        begin += part.row_count
    return parts


def restore_parts(chunk: HistoryChunk) -> None:
    """Write the chunks that it was made of in its place. The caller holds the run's row lock."""
    parts = parts_of(chunk)
    chunk.delete()
    HistoryChunk.objects.bulk_create(parts)


def bare_parts(chunk: HistoryChunk) -> Iterator[HistoryChunk]:
    """Give the same without their rows, one after the other."""
    if chunk.packed is None:
        yield chunk
        return
    _rows, count, columns = _body(chunk.packed)
    begin = 0
    for pk, moment, rows, size, lowest, highest in zip(*(decoded_column(one, count) for one in columns), strict=True):
        part = HistoryChunk(
            pk=pk, run_id=chunk.run_id, stream=chunk.stream, offset=chunk.offset + begin,
            position=chunk.position + begin, row_count=rows, writer=chunk.writer,
            sent_offset=None if chunk.sent_offset is None else chunk.sent_offset + begin, is_copy=chunk.is_copy,
            lowest=lowest, highest=highest, created_at=_EPOCH + moment * _MICROSECOND,
        )  # fmt: skip
        part.text_length = size
        begin += rows
        yield part


def expanded(chunks: Iterable[HistoryChunk]) -> Iterator[HistoryChunk]:
    """Give each chunk, and in the place of a compacted one its parts."""
    for chunk in chunks:
        yield from parts_of(chunk)


def rows_of_chunk(rows: Any, packed: Any, keys: Collection[str] | None = None) -> list[Mapping[str, Any]]:
    """Give the rows that these two columns of a chunk hold; with `keys`, perhaps no more than stands under these."""
    if packed is None:
        found: list[Mapping[str, Any]] = rows
        return found
    return list(decoded_rows(_body(packed)[0], keys))


def sampled_lines(chunk: HistoryChunk) -> list[tuple[int, dict[str, Any]]]:
    """Give some rows of a compacted chunk, evenly spread, each with its line; `packed` is not read for it."""
    rows, count, lines = _body(chunk.sample)
    places = decoded_column(lines, count)
    return [(chunk.offset + place, row) for place, row in zip(places, decoded_rows(rows), strict=True)]


def _facts(part: HistoryChunk) -> tuple[Any, ...]:
    moment = (part.created_at - _EPOCH) // _MICROSECOND
    return part.pk, moment, part.row_count, part.text_length, part.lowest, part.highest


def _written(body: Any) -> bytes:
    return bytes([_FORMAT]) + msgspec.msgpack.encode(body)


def _body(packed: Any) -> Any:
    data = bytes(packed)
    if data[0] != _FORMAT:
        raise ValueError(f"This chunk is written in format {data[0]}; this version reads {_FORMAT}. Upgrade Runbell.")
    return msgspec.msgpack.decode(memoryview(data)[1:])
