"""Rows that a run logged, on their way into the database. The caller holds the run's row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.fields import WrittenJSON, written
from events import ledger
from projects.models import HistoryChunk, Run, Stream
from projects.rows import Row, newest_values, number
from projects.services import actor_of, place_of

LOGGED = "run.history"
MOST_ROWS = 10_000


@dataclass(frozen=True)
class Batch:
    """Rows from a client's line number on; `lines` are the same rows as JSON texts, where the client sent such."""

    offset: int
    rows: Sequence[Row]
    lines: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def end(self) -> int:
        return self.offset + len(self.rows)

    def part(self, start: int, end: int) -> Batch:
        """Give the rows between two line numbers."""
        if (start, end) == (self.offset, self.end):
            return self
        here = slice(start - self.offset, end - self.offset)
        return Batch(start, self.rows[here], self.lines and self.lines[here])

    def moved(self, by: int) -> Batch:
        return Batch(self.offset + by, self.rows, self.lines) if by else self

    def text(self) -> WrittenJSON:
        if self.lines is None:
            return written(list(self.rows))
        return WrittenJSON(f"[{','.join(self.lines)}]")


def keep(run: Run, stream: str, batch: Batch) -> tuple[int, list[str]]:
    """Keep the rows that are new. Give how many, and the columns of the run that changed, which the caller saves."""
    accepted, columns = 0, set[str]()
    position = -1
    for part in _new_parts(run, stream, batch):
        position = _arrived(run, stream) if position < 0 else position
        text = part.text()
        chunk = HistoryChunk(run=run, stream=stream, offset=part.offset, position=position, row_count=len(part))
        chunk.rows = text
        chunk.save(force_insert=True)
        place, data = place_of(run), {"run": run.pk, "chunk": chunk.pk}
        ledger.publish_if_heard(LOGGED, place, data, actor=actor_of(run))
        position += len(part)
        accepted += len(part)
        if stream == Stream.HISTORY:
            run.rows_logged += len(part)
            run.last_chunk = chunk.pk
            _summarize(run.summary, part.rows, text)
            columns |= {"summary", "rows_logged", "last_chunk"}
    return accepted, sorted(columns)


def _new_parts(run: Run, stream: str, batch: Batch) -> Iterator[Batch]:
    """Give those parts of the rows whose line numbers are not there yet, in pieces of a size that is judged well."""
    here = batch.offset
    for start, count in [*_in_the_way(run, stream, batch.offset, batch.end), (batch.end, 0)]:
        for piece in range(here, start, MOST_ROWS):
            yield batch.part(piece, min(piece + MOST_ROWS, start))
        here = max(here, start + count)


def _in_the_way(run: Run, stream: str, offset: int, end: int) -> list[tuple[int, int]]:
    """Give what is stored there already.

    Stored chunks do not overlap, so only the one before and those that start inside can be in the way.
    """
    stored = HistoryChunk.objects.filter(run=run, stream=stream, offset__lt=end).values_list("offset", "row_count")
    last = list(stored.order_by("-offset")[:1])
    if all(start <= offset for start, _count in last):
        # Nearly always: the rows go on after the last ones.
        return last
    return [
        *stored.filter(offset__lte=offset).order_by("-offset")[:1],
        *stored.filter(offset__gt=offset).order_by("offset"),
    ]


def _arrived(run: Run, stream: str) -> int:
    """Give how many rows of the stream have arrived."""
    if stream == Stream.HISTORY:
        return run.rows_logged
    last = run.chunks.filter(stream=stream).order_by("-position").values_list("position", "row_count").first()
    return sum(last) if last else 0


def _summarize(summary: dict[str, Any], rows: Sequence[Row], text: str) -> None:
    """Put the last value of everything that was logged over what is known.

    What is no number leaves a number: so `value_at` finds in the summary the last number that was logged.
    """
    if text.count("{") == len(rows) and text.count("[") == 1:
        _summarize_flat(summary, rows)
        return
    for row in rows:
        _merge(summary, row)


def _summarize_flat(summary: dict[str, Any], rows: Sequence[Row]) -> None:
    """The same for rows that hold no lists and no objects: a row at a time is too slow for thousands of them."""
    newest: dict[str, Any] = {}
    for row in rows:
        newest.update(row)
    for key, value in newest.items():
        if number(value) is None:
            last = newest_values([{key: row.get(key)} for row in rows], key, 1)
            value = last[0] if last else value
        if number(value) is not None or number(summary.get(key)) is None:
            summary[key] = value


def _merge(summary: dict[str, Any], row: Row, prefix: str = "") -> None:
    """Put the row's values over those that are known, {"val": {"loss": 1}} as val.loss; no lists and no media."""
    for key, value in row.items():
        # What stands under its whole name comes last, and so wins as in `value_at`.
        if isinstance(value, Mapping) and "_type" not in value:
            _merge(summary, value, f"{prefix}{key}.")
    for key, value in row.items():
        if isinstance(value, (list, Mapping)):
            continue
        name = prefix + key
        if number(value) is not None or number(summary.get(name)) is None:
            summary[name] = value
