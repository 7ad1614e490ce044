"""Write an imported run through the services of live runs, so that windows, summary and charts agree; quietly.

Idempotent: rows are known by their content (`projects.history.row_identity`), versions by their digest, so a second
import writes what is new alone, and one that was interrupted goes on. What people changed here stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from common.data import names
from common.data.validation_errors import TooMuch, refuse
from common.hidden_rows import refuse_name_of_hidden
from events import ledger, past_events
from importers.artifact_import import import_artifact, import_run_file, import_use
from importers.imported_run import ImportedRun
from projects.file_storage.incoming_file import FileTooLarge
from projects.history.console_output import output_line_count, store_output
from projects.history.logging_limits import Excess, check_json, summary_beyond
from projects.history.row_batch import RowBatch
from projects.history.row_values import HistoryRow, number
from projects.history.stream_offsets import next_offset
from projects.history.writing import store_rows
from projects.models import Project, Run, RunState, Stream
from projects.quota import require_room
from projects.runs.alerts import RUN_ALERTED
from projects.runs.branching import FORK, fork, parent_of
from projects.runs.client_summary import replace_summary
from projects.runs.lifecycle import RUN_STATE_CHANGED, lock_run
from projects.runs.limit_notes import note_left_out
from projects.services import get_or_create_project
from teams.models import Team, User

# How much a script posts at once, more or less: a backtest dates what fires by the last row of so many.
_ROWS_AT_ONCE = 200
# States that say no more than that nothing was heard: what the source says later is better.
_UNSURE = (RunState.CRASHED, RunState.PENDING)
_BLANKS = ("display_name", "group", "job_type", "notes", "program", "host", "commit")

Told = Callable[[int], object]


@dataclass
class RunImport:
    """What came of one run: its row here, whether it is new, how much of it is, and what could not be kept."""

    run: Run
    created: bool
    rows: int = 0
    versions: int = 0
    files: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_unchanged(self) -> bool:
        return not (self.created or self.rows or self.versions or self.files)


def import_run(team: Team, imported: ImportedRun, *, by: User | None, told: Told = lambda rows: None) -> RunImport:
    """Write the run, or what is new of it; `told` hears how many rows were read so far.

    Raises ValidationError where its name or what it says cannot be kept here, TooMuch where the team has no room.
    """
    require_room(team)
    project = get_or_create_project(team, imported.project)
    found = _create_or_complete(project, imported)
    for stream, rows in ((Stream.HISTORY, imported.rows), (Stream.SYSTEM, imported.system_rows)):
        found.rows += _import_rows(found.run, stream, rows(), imported.started_at, told)
    _import_words(found, imported)
    _import_files(found, imported, by)
    found.notes += imported.notes
    return found


def _import_files(found: RunImport, imported: ImportedRun, by: User | None) -> None:
    """Copy artifacts and files. What cannot be copied is noted, and stops nothing; a team without room does."""
    at = imported.ended_at or imported.started_at
    for artifact in imported.artifacts:
        with _noting(found, f"artifact {artifact.name}"):
            found.versions += import_artifact(found.run, artifact, at=at, by=by)
    for use in imported.uses:
        if not import_use(found.run, use):
            found.notes.append(f"that it used {use.name}: there is no such version in {found.run.project}.")
    for file in imported.files():
        with _noting(found, f"file {file.path}"):
            found.files += import_run_file(found.run, file)


@contextmanager
def _noting(found: RunImport, what: str) -> Iterator[None]:
    try:
        yield
    except TooMuch:
        raise
    except (ValidationError, FileTooLarge, OSError) as error:
        messages = error.messages if isinstance(error, ValidationError) else [str(error)]
        found.notes.append(f"{what}: {' '.join(messages)}")


def _create_or_complete(project: Project, imported: ImportedRun) -> RunImport:
    imported.details.check()
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(project=project, name=imported.name).first()
        if run is not None:
            run.project = project
            _complete(run, imported)
            return RunImport(run, created=False)
        refuse_name_of_hidden(Run(project=project), project=project, name=imported.name)
        return _create(project, imported)


def _check_id(parent: str) -> None:
    """Refuse what can be no run's id: the page of a fork leads to its parent, be it here or not."""
    try:
        names.run_id(parent)
    except ValidationError as error:
        refuse("fork.run", " ".join(error.messages))


def _create(project: Project, imported: ImportedRun) -> RunImport:
    """Create the run in the state it came to: it never runs here, so that no heartbeat is missed of it."""
    # Before the run itself, which is the parent's lock else.
    parent, notes = _parent(project, imported)
    if imported.fork is not None:
        _check_id(imported.fork.run)
    run = Run(
        project=project, name=imported.name, user=_user(project.team, imported.username),
        state=imported.state, exit_code=imported.exit_code, created_at=imported.started_at,
        heartbeat_at=imported.ended_at or imported.started_at, finished_at=_finished_at(imported),
        **imported.details.provided(),
    )  # fmt: skip
    run.full_clean(exclude=["user", "config", "summary", "client_summary", "telemetry", "tags"])
    run.save()
    _publish_past(run, imported)
    if imported.fork is not None and parent is not None:
        fork(run, parent, imported.fork.step)
    elif imported.fork is not None:
        run.branch = {"kind": FORK, "run": imported.fork.run, "step": imported.fork.step, "rows": 0}
        run.save(update_fields=["branch"])
    return RunImport(run, created=True, notes=notes)


def _publish_past(run: Run, imported: ImportedRun) -> None:
    """Keep what happened to it, for its timeline and for backtests."""
    _publish_state(run, RunState.RUNNING, "", imported.started_at)
    for alert in imported.alerts:
        data = {"run": run.pk, "title": alert.title, "text": alert.text, "level": alert.level.upper()}
        with past_events.happened_at(alert.at):
            ledger.publish(RUN_ALERTED, run.event_scope, data, actor=run.actor)
    if imported.ended_at is not None:
        _publish_state(run, imported.state, RunState.RUNNING, imported.ended_at)


def _parent(project: Project, imported: ImportedRun) -> tuple[Run | None, list[str]]:
    if imported.fork is None:
        return None, []
    try:
        return parent_of(project, imported.fork), []
    except ValidationError as error:
        return None, [f"without the rows of its parent: {' '.join(error.messages)}"]


def _complete(locked: Run, imported: ImportedRun) -> None:
    """Take what the source has said since, over nothing that is there already."""
    given = imported.details.provided()
    changed = {name: given[name] for name in _BLANKS if given.get(name) and not getattr(locked, name)}
    changed["config"] = {**given.get("config", {}), **locked.config}
    if len(changed["config"]) > len(locked.config):
        check_json("config", changed["config"], settings.CONFIG_LIMIT, "RUNBELL_CONFIG_LIMIT_MB")
    previous = RunState(locked.state)
    if previous in _UNSURE and imported.ended_at is not None and imported.state != previous:
        changed |= {"state": imported.state, "exit_code": imported.exit_code, "finished_at": imported.ended_at}
        _publish_state(locked, imported.state, previous, imported.ended_at)
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changed))


def _import_rows(run: Run, stream: str, rows: Iterator[HistoryRow], started_at: datetime, told: Told) -> int:
    """Store what is new of the rows, so many in a transaction; give how many were."""
    accepted, read = 0, 0
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        require_room(run.project.team)
        # Not in the future, whatever its clock said: what is imported has happened.
        logged_at = min(_time_of(some[-1]) or started_at, timezone.now())
        beyond = list[Excess]()
        with transaction.atomic(), past_events.happened_at(logged_at):
            locked = lock_run(run)
            # Behind all that is there: rows are known by what they say, not by the line they had.
            new, columns = store_rows(locked, stream, RowBatch(next_offset(locked, stream), some), beyond.append)
            if beyond:
                columns = [*columns, *note_left_out(locked, beyond)]
            if new and logged_at > locked.heartbeat_at and locked.state != RunState.RUNNING:
                locked.heartbeat_at = logged_at
                columns = [*columns, "heartbeat_at"]
            locked.save(update_fields=columns)
        accepted, read = accepted + new, read + len(some)
        told(read)
    return accepted


def _import_words(found: RunImport, imported: ImportedRun) -> None:
    """Take the summary that the source says, and what was printed. A summary that is too much is noted."""
    excess = summary_beyond(imported.summary or {})
    if excess is not None:
        found.notes.append(f"summary: {excess.message}")
    with transaction.atomic():
        locked = lock_run(found.run)
        if imported.summary is not None and excess is None:
            locked.save(update_fields=replace_summary(locked, imported.summary))
        output = imported.output()
        if output_line_count(locked) < len(output):
            store_output(locked, 0, output)


def _publish_state(run: Run, state: RunState, previous: str, at: datetime) -> None:
    data: dict[str, Any] = {"run": run.pk, "state": str(state), "previous": str(previous)}
    with past_events.happened_at(at):
        ledger.publish(RUN_STATE_CHANGED, run.event_scope, data, actor=run.actor)


def _finished_at(imported: ImportedRun) -> datetime | None:
    if imported.state == RunState.PENDING:
        return None
    return imported.ended_at or imported.started_at


def _user(team: Team, username: str) -> User | None:
    """Give who is on the team by this name: an import gives runs to nobody else."""
    return User.objects.filter(memberships__team=team, username=username).first() if username else None


def _time_of(row: HistoryRow) -> datetime | None:
    seconds = number(row.get("_timestamp"))
    try:
        return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
