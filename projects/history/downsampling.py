"""Downsampling: read a history at the density that a chart or a script needs.

`sampled_rows` reads all of it and gives exact samples; `downsampled_rows` reads only some chunks of a long one, so
that a chart costs the same however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Length

from common.data.numbers import whole
from common.data.validation_errors import quoted, refuse
from projects.compaction.chunk_parts import rows_of_chunk, sampled_lines
from projects.compaction.even_spread import evenly_spaced, spread_lines
from projects.history.reading import rows_of
from projects.history.row_values import HistoryRow, value_at
from projects.models import HistoryChunk, Run, Stream

MOST_SAMPLES = 10_000
# Kept in every sampled row: where on an axis it stands.
_AXES = ("_step", "_timestamp", "_runtime")
# As many chunks as these bytes allow, judged by the last one: reading JSON is what takes the time.
_MOST_BYTES, _MOST_CHUNKS, _LEAST_CHUNKS = 1_500_000, 400, 4
_MOST_ROWS, _LEAST_ROWS = 4_000, 5
# Of more compacted chunks than these only the samples are read.
_MOST_UNPACKED = 16
_TRIES = 3


@dataclass(frozen=True)
class SampleRequest:
    """Which part of a history somebody asks for. No keys means all."""

    samples: int = 500
    keys: tuple[str, ...] = ()
    stream: str = Stream.HISTORY

    @classmethod
    def of(cls, query: Mapping[str, str]) -> SampleRequest:
        """Read an address's query. Raises ValidationError by field."""
        sent = query.get("samples", "500")
        samples = whole(sent, least=1, most=MOST_SAMPLES)
        if samples is None:
            refuse("samples", f"{quoted(sent)} is no number from 1 to {MOST_SAMPLES}.")
        stream = query.get("stream", Stream.HISTORY)
        if stream not in Stream.values:
            refuse("stream", f"{quoted(stream)} is no stream. Choose one of: {', '.join(Stream.values)}.")
        parts = [part for part in query.get("keys", "").split(",") if part.strip()]
        # People write a space after a comma; and it may be part of the name that is logged.
        keys = tuple(dict.fromkeys(name for part in parts for name in (part.strip(), part)))
        return cls(samples, keys, stream)


def sampled_rows(run: Run, wanted: SampleRequest) -> tuple[list[dict[str, Any]], int]:
    """Give rows evenly spread over the history, the first and the last among them, and how many there are."""
    total = 0
    rows = []
    for row in rows_of(run, wanted.stream):
        total += 1
        if not wanted.keys or any(value_at(row, key) is not None for key in wanted.keys):
            rows.append(_only(row, wanted.keys))
    return evenly_spaced(rows, wanted.samples), total


def downsampled_rows(run: Run, stream: str = Stream.HISTORY) -> Iterator[HistoryRow]:
    """Give every row of a short history, and of a long one rows that are evenly spread over it.

    Each row has its `_step`: where it says none, its line.
    """
    chunks = _chunks(run, stream)
    most = max(_LEAST_ROWS, _MOST_ROWS // max(1, len(chunks)))
    for placed in map(_lines_of, chunks):
        for place in spread_lines([row for _line, row in placed], most):
            line, row = placed[place]
            yield row if "_step" in row else {**row, "_step": line}


def _only(row: HistoryRow, keys: tuple[str, ...]) -> dict[str, Any]:
    if not keys:
        return dict(row)
    return {key: value_at(row, key) for key in (*_AXES, *keys) if value_at(row, key) is not None}


def _lines_of(chunk: HistoryChunk) -> list[tuple[int, HistoryRow]]:
    if chunk.part_count is not None and "packed" in chunk.get_deferred_fields():
        return list(sampled_lines(chunk))
    return list(enumerate(rows_of_chunk(chunk.rows, chunk.packed), chunk.offset))


def _chunks(run: Run, stream: str) -> list[HistoryChunk]:
    there = HistoryChunk.objects.filter(run=run, stream=stream).order_by("offset")
    last = there.order_by("-offset").annotate(size=Length("rows")).values("offset", "size").first()
    if last is None:
        return []
    most = min(_MOST_CHUNKS, max(_LEAST_CHUNKS, _MOST_BYTES // max(1, last["size"])))
    if len(there.values_list("pk")[: most + 1]) <= most:
        return _loaded(there)
    lines = evenly_spaced(range(last["offset"] + 1), most)
    for _ in range(_TRIES):
        ids = _holding(run, stream, lines)
        found = _loaded(there.filter(pk__in=ids))
        if len(found) == len(ids):
            break
        # Some were merged at this moment.
    return found


def _loaded(chunks: QuerySet[HistoryChunk]) -> list[HistoryChunk]:
    """Read them; of many compacted ones only the rows that are kept apart for this."""
    compacted = len(chunks.filter(part_count__isnull=False).values_list("pk")[: _MOST_UNPACKED + 1])
    return list(chunks.defer("sample" if compacted <= _MOST_UNPACKED else "packed"))


def _holding(run: Run, stream: str, lines: Sequence[int]) -> list[int]:
    """Give the chunks that hold these lines.

    One look into the index for each line. Django cannot say it, and to read where each chunk stands takes seconds
    where a million chunks of one row do.
    """
    wanted = ", ".join(["(%s)"] * len(lines))
    sql = f"""
        WITH wanted (line) AS (VALUES {wanted})
        SELECT DISTINCT (
            SELECT id FROM {HistoryChunk._meta.db_table} WHERE run_id = %s AND stream = %s AND "offset" <= wanted.line
            ORDER BY "offset" DESC LIMIT 1
        ) FROM wanted
    """
    values: list[Any] = [*lines, run.pk, stream]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall() if pk is not None]
