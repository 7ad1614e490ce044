"""Fork and rewind: a run that goes on from a step of another's history, or of its own.

A fork holds a copy of the parent's rows up to the step, so that windows, charts, exports and summary read them as any
other, and stay where the parent is deleted. None of them is judged again: no event is published for a copy.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum, TextField
from django.db.models.functions import Cast

from common.data.fields import JSONText, json_text
from common.data.strict_json import parsed
from common.data.validation_errors import quoted, refuse
from events import ledger
from projects.compaction.chunk_parts import STORED_SIZE, expanded, parts_of, restore_parts
from projects.history.first_metrics import first_metrics
from projects.history.row_identity import place_of, range_of
from projects.history.row_tombstone import RowTombstone, keep_rewound
from projects.history.row_values import HistoryRow
from projects.history.step_ranges import last_step
from projects.history.summary import update_summary
from projects.history.writing import HISTORY_LOGGED
from projects.models import HistoryChunk, Project, Run, Stream

logger = logging.getLogger(__name__)
FORK, REWIND = "fork", "rewind"


@dataclass(frozen=True)
class BranchPoint:
    """A step of a run of the same project, from which another goes on."""

    run: str
    step: float

    @classmethod
    def of(cls, telemetry: Mapping[str, Any] | None, name: str | None) -> BranchPoint | None:
        """Read what the SDK says of it when it starts a run with `fork_from`; None for a run that is rewound."""
        said = (telemetry or {}).get("branch_point")
        if not isinstance(said, Mapping):
            return None
        run, step = said.get("run_id"), said.get("step")
        if not isinstance(run, str) or isinstance(step, bool) or not isinstance(step, (int, float)):
            refuse("fork_from", f'{quoted(said)} is no point of a run. Write it like fork_from="RUN?_step=5".')
        return None if run == name else cls(run, step)


def parent_of(project: Project, point: BranchPoint) -> Run:
    """Give the locked run to fork; refuse where there is none, or where it has not come so far."""
    found = Run.objects.select_for_update().filter(project=project, name=point.run).first()
    if found is None:
        refuse("fork_from", f"There is no run {quoted(point.run)} in {project}. Name one of this project by its id.")
    _check_step(found, point.step, "fork_from")
    return found


def check_is_fork(run: Run, point: BranchPoint) -> None:
    """Refuse to fork into a run that is there for something else; one that is this fork goes on."""
    if (run.branch.get("run"), run.branch.get("step")) != (point.run, point.step):
        refuse("fork_from", f"There is a run {quoted(run.name)} already. Fork into an id of its own.")


def fork(child: Run, parent: Run, step: float) -> None:
    """Copy the parent's rows up to the step into the locked new run, and its summary as it was there."""
    _begin_count(child)
    for chunk, text in _json_texts(parent, step):
        rows = parsed(text)
        if chunk.highest is None or chunk.highest > step:
            rows = _up_to(rows, chunk.offset, step)
            text = json_text(rows)
        if rows:
            _copy(child, chunk, rows, JSONText(text))
    child.bytes_logged = _bytes_of(child)
    child.branch = {"kind": FORK, "run": parent.name, "step": step, "rows": child.rows_logged}
    child.save(update_fields=[*_COUNTED, "last_chunk", "branch"])


def rewind(locked: Run, step: float) -> None:
    """Take back what the locked run logged after the step. Its summary is what it was there; its windows begin anew."""
    _check_step(locked, step, "resume_from")
    before = locked.rows_logged
    chunks = HistoryChunk.objects.filter(run=locked, stream=Stream.HISTORY)
    keep_rewound(locked, _judged_after(locked, step))
    chunks.filter(lowest__gt=step).delete()
    for chunk in chunks.filter(highest__gt=step, part_count__isnull=False):
        restore_parts(chunk)
    chunks.filter(lowest__gt=step).delete()
    for chunk in chunks.filter(highest__gt=step):
        _cut(chunk, _up_to(chunk.rows, chunk.offset, step))
    _begin_count(locked)
    for chunk in expanded(chunks.order_by("position").iterator(chunk_size=20)):
        _count(locked, chunk, chunk.rows, json_text(chunk.rows))
    locked.bytes_logged = _bytes_of(locked)
    removed = before - locked.rows_logged
    # Positions go on behind all that ever arrived: what conditions remember of a window is good for none of these.
    locked.positions_skipped += removed + 1
    locked.branch = {"kind": REWIND, "run": locked.name, "step": step, "rows": removed}
    locked.save(update_fields=[*_COUNTED, "last_chunk", "branch", "positions_skipped"])
    logger.warning("run %s: rewound to step %s; %s rows after it are gone", locked.pk, step, removed)


def _judged_after(run: Run, step: float) -> Iterator[HistoryRow]:
    """Give the rows behind the step that are not waiting to be judged."""
    events = ledger.unprocessed([run.stream_key]).filter(kind=HISTORY_LOGGED)
    waiting = {data["chunk"] for data in events.values_list("data", flat=True)}
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY, highest__gt=step).order_by("position")
    for chunk in expanded(chunks.iterator(chunk_size=20)):
        if chunk.pk in waiting:
            continue
        placed = ((line, row, place_of(row, Stream.HISTORY)) for line, row in enumerate(chunk.rows, chunk.offset))
        yield from (row for line, row, place in placed if (line if place is None else place) > step)


_COUNTED = ("summary", "client_summary", "first_metrics", "rows_logged", "bytes_logged", "reached")


def _begin_count(run: Run) -> None:
    run.summary, run.client_summary, run.first_metrics = {}, {}, {}
    run.rows_logged, run.last_chunk = 0, None
    run.reached = {key: value for key, value in run.reached.items() if key == Stream.SYSTEM}


def _count(run: Run, chunk: HistoryChunk, rows: list[HistoryRow], text: JSONText) -> None:
    """Count the rows of a chunk into their run: how many, and what its summary is then."""
    run.rows_logged += len(rows)
    run.last_chunk = chunk.pk
    update_summary(run.summary, rows, text)
    for row in rows:
        _put(run.client_summary, row)
    run.first_metrics = first_metrics(run.summary)
    history = Stream.HISTORY.value
    run.reached[history] = max(chunk.highest or 0.0, run.reached.get(history, -math.inf))


def _put(summary: dict[str, Any], row: Mapping[str, Any]) -> None:
    """Put the row's values over those that are known, nested as they were logged: so the SDK says a summary."""
    for key, value in row.items():
        known = summary.get(key)
        if isinstance(value, dict) and isinstance(known, dict) and "_type" not in value:
            _put(known, value)
        else:
            summary[key] = value


def _copy(child: Run, chunk: HistoryChunk, rows: list[HistoryRow], text: JSONText) -> None:
    """Write the rows as a chunk of the child, as old as the one they are of."""
    offset = child.rows_logged
    lowest, highest = range_of(rows, Stream.HISTORY, offset)
    made = HistoryChunk(
        run=child, stream=Stream.HISTORY, offset=offset, position=offset, row_count=len(rows),
        lowest=lowest, highest=highest, created_at=chunk.created_at, is_copy=True,
    )  # fmt: skip
    made.rows = text
    made.save(force_insert=True)
    _count(child, made, rows, text)


def _bytes_of(run: Run) -> int:
    found: int | None = run.chunks.aggregate(total=Sum(STORED_SIZE))["total"]
    return found or 0


def _check_step(run: Run, step: float, field: str) -> None:
    tombstone = RowTombstone.of(run, Stream.HISTORY)
    if tombstone is not None and tombstone.rows:
        refuse(
            field,
            f"The history of the run {quoted(run.name)} is gone but its last row: it was removed by retention on "
            f"{tombstone.at:%Y-%m-%d}. Start a new run.",
        )
    last = last_step(run)
    if last is None or step > last:
        reached = "has logged nothing yet" if last is None else f"has come to step {last:g}"
        refuse(
            field, f"The run {quoted(run.name)} {reached}, and not to step {step:g}. Name a step that it has logged."
        )


def _json_texts(run: Run, step: float) -> Iterator[tuple[HistoryChunk, str]]:
    chunks = HistoryChunk.objects.filter(run=run, stream=Stream.HISTORY, lowest__lte=step).defer("rows")
    named = chunks.annotate(text=Cast("rows", TextField())).order_by("position")
    for chunk in named.iterator(chunk_size=20):
        if chunk.packed is None:
            yield chunk, chunk.text
        else:
            yield from ((part, str(json_text(part.rows))) for part in parts_of(chunk) if (part.lowest or 0) <= step)


def _up_to(rows: list[HistoryRow], offset: int, step: float) -> list[HistoryRow]:
    placed = ((line, row, place_of(row, Stream.HISTORY)) for line, row in enumerate(rows, offset))
    return [row for line, row, place in placed if (line if place is None else place) <= step]


def _cut(chunk: HistoryChunk, rows: list[HistoryRow]) -> None:
    if not rows:
        chunk.delete()
        return
    chunk.rows, chunk.row_count = rows, len(rows)
    chunk.lowest, chunk.highest = range_of(rows, Stream.HISTORY, chunk.offset)
    chunk.save(update_fields=["rows", "row_count", "lowest", "highest"])
