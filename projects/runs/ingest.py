"""Ingest: what clients post of a run. One public function for each door, one transaction under the run's row lock.

The way of a posted row: a door (`projects/api.py`, `wandb_api/files/file_stream.py`), this file,
`projects/history/writing.py`, `events/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from common.data.validation_errors import quoted, refuse
from common.statements import compiled_statements
from common.statements.prepared_query import PreparedQuery
from projects.history.console_output import output_line_count, store_output
from projects.history.logging_limits import Excess, check_row_count, json_excess
from projects.history.row_batch import RowBatch
from projects.history.row_values import HistoryRow
from projects.history.stream_offsets import OUTPUT_STREAM, find_resent_output
from projects.history.writing import store_rows
from projects.models import Run, Stream
from projects.quota import require_room
from projects.runs.client_summary import replace_summary
from projects.runs.files import record_uploaded
from projects.runs.lifecycle import finish_locked_run, lock_run, mark_locked_run_preempting, record_heartbeat, restart
from projects.runs.limit_notes import note_left_out
from projects.runs.writers import may_end, note_writer, store_shared_output


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


def ingest_rows(run: Run, offset: int, rows: Sequence[HistoryRow], stream: str = Stream.HISTORY) -> int:
    """Ingest a batch of rows, as REST sends them; give how many were new.

    `offset` is the client's line number of the first row. A repeat is harmless, also one that is cut otherwise.
    """
    _check_rows(rows)
    require_room(run.project.team)
    with transaction.atomic():
        locked = lock_run(run)
        changed = record_heartbeat(locked)
        accepted, columns = store_rows(locked, stream, RowBatch(offset, rows), Excess.refuse)
        compiled_statements.save_columns(locked, changed + columns)
        return accepted


def ingest_file_stream(run: Run, post: FileStreamPost) -> Run:
    """Ingest a post of the wandb SDK, which comes every few seconds; give the run as it is then.

    What is beyond a limit is left out of it, and noted on the run. Refused are only rows of a team without room.
    """
    if post.history is not None or post.system is not None:
        require_room(run.project.team)
    with transaction.atomic():
        locked = _lock_loaded(run)
        changed, beyond = record_heartbeat(locked), list[Excess]()
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
        accepted += _store_output(locked, post, repeats=accepted < post.row_count)
        if post.uploaded:
            _record_uploaded(locked, post.uploaded)
        if locked.is_restarting and (accepted or post.is_heartbeat):
            restart(locked)
        if post.preempting:
            mark_locked_run_preempting(locked)
        if post.exit_code is not None and may_end(locked, post.writer):
            finish_locked_run(locked, post.exit_code)
        return locked


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


def _lock_loaded(run: Run) -> Run:
    """As `lock_run`, for a run that was just read with its project: where it belongs stays."""
    locked = _locked.first(pk=run.pk)
    if locked is None:
        raise Run.DoesNotExist(f"The run {run.pk} was deleted meanwhile.")
    locked.project, locked.user = run.project, run.user
    return locked


# What is large and seldom asked for is read only then.
_locked = PreparedQuery(
    lambda pk: (
        Run.objects.select_for_update()
        .defer("config", "telemetry", "client_summary", "tags", "notes", "program")
        .filter(pk=pk)
    ),
    pk=int,
)


def _check_rows(rows: Sequence[HistoryRow]) -> None:
    check_row_count(len(rows))
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            refuse(f"rows.{index}", f'{quoted(row)} is no row; write it like {{"_step": 0, "loss": 1.2}}.')
