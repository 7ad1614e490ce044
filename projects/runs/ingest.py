"""Ingest: what clients post of a run. One public function for each door, one transaction under the run's row lock.

The way of a posted row: a door (`projects/api.py`, `wandb_api/files/file_stream.py`), this file,
`projects/history/writing.py`, `events/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from common.data.validation_errors import quoted, refuse
from common.statements import compiled_statements
from projects.history.console_output import output_line_count, store_output
from projects.history.logging_limits import Excess, check_row_count, json_excess
from projects.history.row_batch import RowBatch
from projects.history.row_values import HistoryRow
from projects.history.stream_offsets import OUTPUT_STREAM, find_resent_output, next_offset
from projects.history.writing import store_rows
from projects.models import Run, Stream
from projects.quota import require_room
from projects.runs.client_summary import replace_summary
from projects.runs.files import record_uploaded
from projects.runs.lifecycle import finish_locked_run, lock_run, mark_locked_run_preempting, record_heartbeat, restart
from projects.runs.limit_notes import note_left_out
from projects.runs.writers import may_end, note_writer, store_shared_output

# Finds a run and locks it, where it may be logged to: `projects.access.lock_run_to_log`.
FindLocked = Callable[[], Run]


@dataclass(frozen=True)
class FileStreamPost:
    """Everything is optional: with nothing in it, it says that the run is alive. A repeat is harmless."""

    history: RowBatch | None = None
    system: RowBatch | None = None
    summary: Mapping[str, Any] | None = None
    # The line number of the first line, and the lines.
    output: tuple[int, Sequence[str]] | None = None
    uploaded: Sequence[str] = ()
    # The script's machine is being taken away.
    preempting: bool = False
    # Given when the run is over.
    exit_code: int | None = None
    # The SDK's client id where several processes share the run.
    writer: str = ""

    @property
    def row_count(self) -> int:
        return sum(len(batch) for batch in (self.history, self.system) if batch is not None)

    @property
    def is_heartbeat(self) -> bool:
        """Whether it says nothing but that the script is alive."""
        return self == FileStreamPost(writer=self.writer)


def ingest_rows(run: Run | FindLocked, offset: int, rows: Sequence[HistoryRow], stream: str = Stream.HISTORY) -> int:
    """Ingest a batch of rows, as REST sends them; give how many were new.

    `offset` is the client's line number of the first row. A repeat is harmless, also one that is cut otherwise.
    """
    return log_rows(run, offset, rows, stream).accepted


@dataclass(frozen=True)
class LoggedRows:
    """How many were new, and behind which line number the next ones stand free."""

    accepted: int
    next_offset: int


def log_rows(run: Run | FindLocked, offset: int, rows: Sequence[HistoryRow], stream: str) -> LoggedRows:
    """As `ingest_rows`, and tell where to go on. What finds the run is asked in the transaction."""
    _check_rows(rows)
    with transaction.atomic():
        locked = lock_run(run) if isinstance(run, Run) else run()
        require_room(locked.project.team)
        changed = record_heartbeat(locked)
        accepted, columns = store_rows(locked, stream, RowBatch(offset, rows), Excess.refuse)
        compiled_statements.save_columns(locked, changed + columns)
        end = locked.line_ends.get(stream)
        return LoggedRows(accepted, next_offset(locked, stream) if end is None else end)


def ingest_file_stream(run: Run | FindLocked, post: FileStreamPost) -> Run:
    """Ingest a post of the wandb SDK, which comes every few seconds; give the run as it is then.

    What is beyond a limit is left out of it, and noted on the run. Refused are only rows of a team without room.
    """
    with transaction.atomic():
        locked, beyond = lock_run(run) if isinstance(run, Run) else run(), list[Excess]()
        if post.history is not None or post.system is not None:
            require_room(locked.project.team)
        changed = record_heartbeat(locked)
        if post.writer and post.writer not in locked.writers:
            note_writer(locked, post.writer)
            changed.append("writers")
        accepted, columns = _store_rows(locked, post, beyond)
        changed += columns
        if post.summary is not None:
            changed += _replace_summary(locked, post.summary, beyond)
        if beyond:
            changed += note_left_out(locked, beyond)
        compiled_statements.save_columns(locked, changed)
        _apply_rest(locked, post, accepted)
        return locked


def _apply_rest(locked: Run, post: FileStreamPost, accepted: int) -> None:
    """What is not of the rows: output, files, and where the run stands after all that."""
    accepted += _store_output(locked, post, repeats=accepted < post.row_count)
    if post.uploaded:
        _record_uploaded(locked, post.uploaded)
    if locked.is_restarting and (accepted or post.is_heartbeat):
        restart(locked)
    if post.preempting:
        mark_locked_run_preempting(locked)
    if post.exit_code is not None and may_end(locked, post.writer):
        finish_locked_run(locked, post.exit_code)


def _store_rows(locked: Run, post: FileStreamPost, beyond: list[Excess]) -> tuple[int, list[str]]:
    """Store the rows; give how many were new, and the columns."""
    accepted, changed = 0, list[str]()
    for stream, batch in ((Stream.HISTORY, post.history), (Stream.SYSTEM, post.system)):
        if batch is not None:
            sent = replace(batch.shifted(locked.client_offset_base(stream)), writer=post.writer)
            new, columns = store_rows(locked, stream, sent, beyond.append)
            accepted += new
            changed += columns
    return accepted, changed


def _store_output(locked: Run, post: FileStreamPost, *, repeats: bool) -> int:
    """Store what was printed; give how many lines were not there. `repeats` says that the post's rows partly were."""
    if post.output is None:
        return 0
    offset, lines = post.output
    if post.writer:
        return store_shared_output(locked, post.writer, offset, lines)
    is_resent = repeats or post.row_count == 0
    if locked.is_restarting and is_resent and (found := find_resent_output(locked, offset, lines)):
        locked.save(update_fields=found)
    start, there = locked.client_offset_base(OUTPUT_STREAM) + offset, output_line_count(locked)
    store_output(locked, start, lines)
    return max(0, start + len(lines) - there)


def _replace_summary(locked: Run, summary: Mapping[str, Any], beyond: list[Excess]) -> list[str]:
    """Take the client's summary; one that is too much leaves the one before it."""
    excess = json_excess("summary", summary, settings.SUMMARY_LIMIT, "RUNBELL_SUMMARY_LIMIT_MB")
    if excess:
        beyond.append(excess)
        return []
    return replace_summary(locked, summary)


def _record_uploaded(locked: Run, names: Sequence[str]) -> None:
    """Note the files; where they are too many, none of these."""
    try:
        record_uploaded(locked, names, "uploaded")
    except ValidationError as error:
        locked.save(update_fields=note_left_out(locked, [Excess("files", " ".join(error.messages))]))


def _check_rows(rows: Sequence[HistoryRow]) -> None:
    check_row_count(len(rows))
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            refuse(f"rows.{index}", f'{quoted(row)} is no row; write it like {{"_step": 0, "loss": 1.2}}.')
