"""Read a long history here and there: as much as charts need, and no more of it however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Length

from projects.models import HistoryChunk, Run, Stream
from projects.rows import Row
from projects.sampling import spread

# As many chunks as these bytes allow, judged by the last one: reading JSON is what takes the time.
_MOST_BYTES, _MOST_CHUNKS, _LEAST_CHUNKS = 1_500_000, 400, 4
_MOST_ROWS, _LEAST_ROWS = 4_000, 5


def some_rows(run: Run, stream: str = Stream.HISTORY) -> Iterator[Row]:
    """Give every row of a short history, and of a long one rows that are evenly spread over it.

    Each row has its `_step`: where it says none, its line.
    """
    chunks = list(_chunks(run, stream).order_by("offset").values_list("offset", "rows"))
    most = max(_LEAST_ROWS, _MOST_ROWS // max(1, len(chunks)))
    for offset, rows in chunks:
        for line in _lines(rows, most):
            row = rows[line]
            yield row if "_step" in row else {**row, "_step": offset + line}


def _lines(rows: Sequence[Row], most: int) -> Sequence[int]:
    """Give which rows of a chunk are taken: evenly spread, and as many of those with what not all of these have."""
    if len(rows) <= most:
        return range(len(rows))
    spread_out = spread(range(len(rows)), most)
    everywhere = set(rows[0]).intersection(*(rows[line] for line in spread_out))
    rare = [line for line, row in enumerate(rows) if not row.keys() <= everywhere]
    return sorted({*spread_out, *spread(rare, most)})


def _chunks(run: Run, stream: str) -> QuerySet[HistoryChunk]:
    there = HistoryChunk.objects.filter(run=run, stream=stream)
    last = there.order_by("-offset").annotate(size=Length("rows")).values("offset", "size").first()
    if last is None:
        return there.none()
    most = min(_MOST_CHUNKS, max(_LEAST_CHUNKS, _MOST_BYTES // max(1, last["size"])))
    if len(there.values_list("pk")[: most + 1]) <= most:
        return there
    lines = spread(range(last["offset"] + 1), most)
    return HistoryChunk.objects.filter(pk__in=_holding(run, stream, lines))


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
