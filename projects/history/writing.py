"""Store history: deduplicate rows, write them as chunks, publish an event for each chunk.

The caller holds the run's row lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import groupby

from common.data.fields import JSONText
from common.statements import compiled_statements
from events import ledger, past_events, prometheus_metrics
from projects.history.first_metrics import first_metrics
from projects.history.late_values import first_in_time
from projects.history.logging_limits import Excess, fitted, summary_excess
from projects.history.row_batch import RowBatch
from projects.history.row_identity import highest_place, new_rows, place_of, range_of, rising_range
from projects.history.row_tombstone import digest_of, rewound_digests
from projects.history.row_values import HistoryRow, number
from projects.history.stream_offsets import next_offset
from projects.history.summary import is_flat, update_summary
from projects.models import HistoryChunk, Run, Stream

logger = logging.getLogger(__name__)
HISTORY_LOGGED = "run.history"


def store_rows(run: Run, stream: str, batch: RowBatch, exceeds: Callable[[Excess], object]) -> tuple[int, list[str]]:
    """Store the rows that are new. Give how many, and the columns of the run that changed, which the caller saves.

    What is beyond a limit is told to `exceeds`, which refuses it by raising; else it is left out.
    """
    store = _Store(run, stream, exceeds)
    for piece in batch.pieces():
        for part in _late_apart(run, piece):
            store.add(part, part.offset - batch.offset)
    if store.accepted:
        prometheus_metrics.ROWS.count(stream, amount=store.accepted)
    return store.accepted, sorted(store.columns)


def _late_apart(run: Run, piece: RowBatch) -> Iterator[RowBatch]:
    """Keep rows that come late in a chunk of their own, so that the others are acted on."""
    place = first_in_time(run.project, piece.rows, past_events.moment())
    for start, end in ((piece.offset, piece.offset + place), (piece.offset + place, piece.end)):
        if start < end:
            yield piece.part(start, end)


class _Store:
    """One stream of a locked run, while a batch is stored."""

    def __init__(self, run: Run, stream: str, exceeds: Callable[[Excess], object]) -> None:
        self._run, self._stream, self._exceeds = run, stream, exceeds
        kept = run.line_ends.get(stream)
        self._end: int = next_offset(run, stream) if kept is None else kept
        self._position, self._differing, self._moved = -1, 0, 0
        self.accepted, self.columns = 0, set[str]()
        if self._end and stream not in run.reached:
            self._reach(highest_place(run, stream))

    def add(self, piece: RowBatch, place: int) -> None:
        """Store what is new of rows that begin at this place of their batch."""
        piece, text = _fitted(self._run, self._stream, piece, place, self._exceeds)
        self._differing = self._moved = 0
        for part in self._new_parts(piece):
            for one in self._judged_apart(part):
                self._store(one, text if one is piece else one.text())
        if differing := max(self._differing, self._moved):
            self._note_differing(differing)

    def _new_parts(self, piece: RowBatch) -> Iterator[RowBatch]:
        rising = rising_range(piece.rows, self._stream)
        reached = self._run.reached.get(self._stream)
        if rising and (reached is None or rising[0] > reached):
            # Nearly always: no row of these steps can be there.
            yield piece
        elif not rising and piece.offset >= self._end and not piece.writer and self._is_without_places(piece):
            yield piece
        else:
            new = new_rows(self._run, self._stream, piece)
            self._differing = new.differing
            yield from piece.runs_of(new.places)

    def _judged_apart(self, part: RowBatch) -> Iterator[RowBatch]:
        """Keep rows that were judged before a rewind took them back in chunks of their own, of which nobody is told."""
        judged = [self._was_judged(row) for row in part.rows] if self._rewound else []
        start = part.offset
        for _again, rows in groupby(judged):
            end = start + len(list(rows))
            yield part.part(start, end)
            start = end
        if not judged:
            yield part

    @cached_property
    def _rewound(self) -> set[bytes]:
        return rewound_digests(self._run) if self._stream == Stream.HISTORY and self._run.branch else set()

    def _was_judged(self, row: HistoryRow) -> bool:
        return bool(self._rewound) and digest_of(row) in self._rewound

    def _is_without_places(self, piece: RowBatch) -> bool:
        return all(place_of(row, self._stream) is None for row in piece.rows)

    def _store(self, part: RowBatch, text: JSONText) -> None:
        run, stream = self._run, self._stream
        if self._position < 0:
            self._position = _rows_arrived(run, stream)
        offset = part.offset if not part.writer and self._is_free(part) else self._end
        if offset != part.offset and not part.writer:
            self._moved += len(part)
        lowest, highest = rising_range(part.rows, stream) or range_of(part.rows, stream, offset)
        chunk = HistoryChunk(
            run=run, stream=stream, offset=offset, position=self._position, row_count=len(part),
            writer=part.writer or None, sent_offset=None if offset == part.offset else part.offset,
            lowest=lowest, highest=highest, created_at=past_events.moment(),
        )  # fmt: skip
        chunk.rows = text
        compiled_statements.insert_row(chunk)
        if not self._was_judged(part.rows[0]):
            data = {"run": run.pk, "chunk": chunk.pk}
            ledger.publish_if_subscribed(HISTORY_LOGGED, run.event_scope, data, actor=run.actor, is_heard=run.is_heard)
        self._move_end(offset + len(part))
        self._position += len(part)
        self.accepted += len(part)
        self._reach(highest)
        self._count(chunk, part, text)

    def _count(self, chunk: HistoryChunk, part: RowBatch, text: JSONText) -> None:
        run = self._run
        if self._stream == Stream.HISTORY:
            run.rows_logged += len(part)
            run.last_chunk = chunk.pk
            _summarize(run, part, text, self._exceeds)
            self.columns |= {"summary", "first_metrics", "rows_logged", "last_chunk"}
        if run.bytes_logged is not None:
            run.bytes_logged += len(text)
            self.columns.add("bytes_logged")

    def _is_free(self, part: RowBatch) -> bool:
        """Whether no other row stands on these lines."""
        if part.offset >= self._end:
            return True
        stored = HistoryChunk.objects.filter(run=self._run, stream=self._stream, offset__lt=part.end)
        # Stored chunks do not overlap: only the last one that begins before the end can be in the way.
        last = stored.order_by("-offset").values_list("offset", "row_count").first()
        return last is None or sum(last) <= part.offset

    def _reach(self, place: float | None) -> None:
        before = self._run.reached.get(self._stream)
        if before is None or (place is not None and place > before):
            self._run.reached = {**self._run.reached, self._stream: place}
            self.columns.add("reached")

    def _move_end(self, end: int) -> None:
        """Keep where the lines end with the run, which is written anyway; it may be beyond: rows are removed too."""
        self._end = max(self._end, end)
        self._run.line_ends = {**self._run.line_ends, self._stream: self._end}
        self.columns.add("line_ends")

    def _note_differing(self, count: int) -> None:
        noted = dict(self._run.differing_rows)
        self._run.differing_rows = {**noted, self._stream: noted.get(self._stream, 0) + count}
        self.columns.add("differing_rows")
        logger.warning(
            "run %s: %s rows of %s differ from others of their step or line; all are kept",
            self._run.pk, count, self._stream,
        )  # fmt: skip


def _fitted(
    run: Run, stream: str, part: RowBatch, place: int, exceeds: Callable[[Excess], object]
) -> tuple[RowBatch, JSONText]:
    """Give what is stored of a part that begins at this place of its batch, and its text."""
    text = part.text()
    known = run.summary if stream == Stream.HISTORY else {}
    rows, excess = fitted(part.rows, known, are_flat=is_flat(text, len(part)))
    if excess is None:
        return part, text
    exceeds(replace(excess, row=place + (excess.row or 0)))
    part = replace(part, rows=rows, lines=None)
    return part, part.text()


def _summarize(run: Run, part: RowBatch, text: JSONText, exceeds: Callable[[Excess], object]) -> None:
    """Update the summary; where it would be too large, only its numbers, which have their room already."""
    before = dict(run.summary)
    update_summary(run.summary, part.rows, text)
    if excess := summary_excess(run.summary):
        exceeds(excess)
        new = {key: run.summary[key] for key in before if number(run.summary[key]) is not None}
        run.summary = {**before, **new}
    run.first_metrics = first_metrics(run.summary)


def _rows_arrived(run: Run, stream: str) -> int:
    """Give how many rows of the stream have arrived."""
    if stream == Stream.HISTORY:
        return run.rows_logged + run.positions_skipped
    last = run.chunks.filter(stream=stream).order_by("-position").values_list("position", "row_count").first()
    return sum(last) if last else 0
