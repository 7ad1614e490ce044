"""The life cycle of a run: each change of its state, with the event of it, in one transaction under its row lock.

start, resume, stop request, preemption, heartbeat, finish, and the heartbeat timeout that makes a run crashed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.data.database_clock import database_now
from common.data.validation_errors import refuse_duplicate
from common.hidden_rows import refuse_name_of_hidden
from common.statements.prepared_query import PreparedQuery
from events import ledger
from projects.history.logging_limits import check_json
from projects.history.stream_offsets import reset_client_offsets
from projects.models import Project, Run, RunState
from projects.quota import require_room
from projects.runs.branching import BranchPoint, check_is_fork, fork, parent_of
from projects.runs.writers import machines_of, note_writer
from teams.models import User

RUN_STATE_CHANGED = "run.state"
ALL_RUNS_DONE = "run.all_done"
# States from which a run that logs again comes back to life.
_SILENT = (RunState.CRASHED, RunState.PENDING)
# Whatever a client says is right there.
_UNCHECKED = ("config", "summary", "client_summary", "telemetry", "tags")
_OPEN = (RunState.RUNNING, RunState.PENDING)
_ENDED = (RunState.FINISHED, RunState.FAILED, RunState.KILLED)
_OVER = (*_ENDED, RunState.CRASHED, RunState.PREEMPTED)


@dataclass(frozen=True)
class RunDetails:
    """What a client says of a run. None leaves what is there."""

    display_name: str | None = None
    config: Mapping[str, Any] | None = None
    tags: list[str] | None = None
    group: str | None = None
    job_type: str | None = None
    notes: str | None = None
    program: str | None = None
    host: str | None = None
    commit: str | None = None
    telemetry: Mapping[str, Any] | None = None
    client_summary: Mapping[str, Any] | None = None

    def check(self) -> None:
        """Refuse what is too large or too deep. Raises ValidationError by field."""
        if self.config is not None:
            check_json("config", self.config, settings.CONFIG_LIMIT, "RUNBELL_CONFIG_LIMIT_MB")
        if self.telemetry is not None:
            check_json("config._wandb", self.telemetry, settings.CONFIG_LIMIT, "RUNBELL_CONFIG_LIMIT_MB")
        if self.client_summary is not None:
            check_json("summary", self.client_summary, settings.SUMMARY_LIMIT, "RUNBELL_SUMMARY_LIMIT_MB")

    def provided(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


def merged_details(run: Run, details: RunDetails) -> RunDetails:
    """Give what one of several writers says over what the others said: its config and telemetry are its own alone."""
    config = None if details.config is None else {**run.config, **details.config}
    telemetry = details.telemetry
    if telemetry is not None:
        machines = {**machines_of(run.telemetry), **machines_of(telemetry)}
        telemetry = {**run.telemetry, **telemetry, **({"e": machines} if machines else {})}
    return replace(details, config=config, telemetry=telemetry)


@dataclass
class StartedRun:
    run: Run
    created: bool
    changed: list[str] = field(default_factory=list)


def start_run(
    project: Project, name: str | None, details: RunDetails, *, user: User | None, anew: bool = False,
    waits: bool = False, writer: str = "",
) -> StartedRun:  # fmt: skip
    """Create the run, or resume it where there is one of this name.

    `anew` says that the client knows nothing of an earlier run, and counts its lines from 0; `waits` that it is to
    run later: a new run is pending then, and one that is there stays as it is. `writer` is the client's id where
    several processes share the run.
    """
    details.check()
    point = BranchPoint.of(details.telemetry, name)
    with transaction.atomic():
        named = Run.objects.select_for_update().filter(project=project, name=name or "")
        run = named.first()
        if run is None:
            require_room(project.team)
            parent = parent_of(project, point) if point else None
            state = RunState.PENDING if waits else RunState.RUNNING
            if made := _create_run(project, name or secrets.token_hex(4), details, user, state, writer):
                if parent and point:
                    fork(made, parent, point.step)
                return StartedRun(made, created=True)
            refuse_name_of_hidden(Run(project=project, name=name or ""), project=project, name=name or "")
            run = named.all().get()
        run.project = project
        if point:
            check_is_fork(run, point)
        _begin(run, details, anew=anew, waits=waits, writer=writer)
        return StartedRun(run, created=False)


def _begin(run: Run, details: RunDetails, *, anew: bool, waits: bool, writer: str) -> None:
    """A client begins on the locked run, which is there already."""
    if writer:
        _join(run, details, writer)
        return
    _change(run, details)
    if not waits:
        _start_again(run, anew=anew, by_sdk=details.telemetry is not None)


def restart(locked: Run) -> None:
    """Let a run that is over run again: its client began anew, and has said something new."""
    change_state(locked, RunState.RUNNING)


def _start_again(run: Run, *, anew: bool, by_sdk: bool) -> None:
    """Let the locked run run; where an SDK began anew on one that is over, once it says something new.

    `wandb sync` begins anew too: of a folder that was synced before nothing is new, and nothing happens.
    """
    if anew and run.state in _OVER and not run.is_restarting:
        reset_client_offsets(run)
        run.is_restarting = by_sdk and _has_ended(run)
        run.save(update_fields=["line_bases", "is_restarting"])
    if not run.is_restarting:
        change_state(run, RunState.RUNNING)


def _join(run: Run, details: RunDetails, writer: str) -> None:
    """One of several writers says something of the locked run; where it is over, only a new primary starts it again."""
    begins = note_writer(run, writer, details.telemetry)
    _change(run, merged_details(run, details))
    run.save(update_fields=["writers"])
    if begins or not _has_ended(run):
        change_state(run, RunState.RUNNING)


def change_run(run: Run, details: RunDetails) -> Run:
    """Change what is said of the run; it does not come back to life."""
    details.check()
    with transaction.atomic():
        locked = lock_run(run)
        _change(locked, details)
        return locked


def stop_run(run: Run) -> Run:
    """Ask the run's script to stop: it is told when it next sends something. A repeat changes nothing."""
    with transaction.atomic():
        locked = lock_run(run)
        if locked.state != RunState.RUNNING:
            refuse_duplicate("state", f"The run {locked} is {locked.state}; only a running run can be stopped.")
        if locked.stop_requested_at is None:
            locked.stop_requested_at = timezone.now()
            locked.save(update_fields=["stop_requested_at"])
        return locked


def mark_preempting(run: Run) -> Run:
    """The script says that its machine is being taken away (preemption). A repeat changes nothing."""
    with transaction.atomic():
        locked = lock_run(run)
        if locked.state != RunState.RUNNING:
            refuse_duplicate("state", f"The run {locked} is {locked.state}; only a running run can be preempted.")
        mark_locked_run_preempting(locked)
        return locked


def mark_locked_run_preempting(locked: Run) -> None:
    """Note it on the locked run; of one that is over nothing is noted."""
    if locked.state == RunState.RUNNING and locked.preempting_at is None:
        locked.preempting_at = timezone.now()
        locked.save(update_fields=["preempting_at"])


def heartbeat(run: Run) -> Run:
    """Heartbeat: the run is alive; one that had gone silent runs again."""
    with transaction.atomic():
        locked = lock_run(run)
        locked.save(update_fields=record_heartbeat(locked))
        return locked


def finish_run(run: Run, exit_code: int) -> Run:
    """End the run: finished with exit code 0, with any other failed, killed or preempted. A repeat changes nothing."""
    with transaction.atomic():
        locked = lock_run(run)
        finish_locked_run(locked, exit_code)
        return locked


def finish_locked_run(locked: Run, exit_code: int) -> None:
    """End a locked run. One that did not simply finish was killed, preempted, or else failed."""
    locked.exit_code = exit_code
    locked.save(update_fields=["exit_code"])
    change_state(locked, RunState.FINISHED if exit_code == 0 else _end_of(locked, RunState.FAILED))


def _end_of(locked: Run, otherwise: RunState) -> RunState:
    """Give what a run that is not done came to: a person's wish goes before what its machine did."""
    if locked.stop_requested_at is not None:
        return RunState.KILLED
    return otherwise if locked.preempting_at is None else RunState.PREEMPTED


def _has_ended(run: Run) -> bool:
    """Whether its script said that it is over: one that is only silent lives again at its next post."""
    return run.state in _ENDED or (run.state == RunState.PREEMPTED and run.exit_code is not None)


def mark_crashed(limit: int = 200) -> int:
    """Heartbeat timeout: mark running runs that went silent as crashed, or as what was said of them; give how many."""
    oldest = database_now() - timedelta(seconds=settings.HEARTBEAT_SECONDS)
    seen = Run.objects.filter(project__deletion=None, project__team__deletion=None)
    silent = seen.filter(state=RunState.RUNNING, heartbeat_at__lt=oldest)
    marked = 0
    for run in silent.order_by("heartbeat_at")[:limit]:
        with transaction.atomic():
            locked = lock_run(run)
            # It may have come back since we looked.
            if locked.state == RunState.RUNNING and locked.heartbeat_at < oldest:
                change_state(locked, _end_of(locked, RunState.CRASHED))
                marked += 1
    return marked


def lock_run(run: Run) -> Run:
    """Lock the run's row until the transaction ends, and give it: chunks and events come one after the other."""
    locked = _locked.first(pk=run.pk)
    if locked is None:
        raise Run.DoesNotExist(f"The run {run.pk} was deleted meanwhile.")
    return locked


_locked = PreparedQuery(
    lambda pk: Run.objects.select_for_update(of=("self",)).select_related("project__team", "user").filter(pk=pk), pk=int
)


def record_heartbeat(run: Run) -> list[str]:
    """Heartbeat of a locked run, which the caller saves: give the columns. One that had gone silent runs again."""
    run.heartbeat_at = timezone.now()
    if run.state in _SILENT or (run.state == RunState.PREEMPTED and not _has_ended(run)):
        change_state(run, RunState.RUNNING)
    return ["heartbeat_at"]


def _create_run(
    project: Project, name: str, details: RunDetails, user: User | None, state: RunState, writer: str
) -> Run | None:
    """None where another process of the same training began it at this moment: this one goes on in it."""
    run = Run(project=project, name=name, user=user, state=state, **details.provided())
    if writer:
        note_writer(run, writer, details.telemetry)
    run.full_clean(exclude=["user", *_UNCHECKED], validate_constraints=False)
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        return None
    _publish_state(run, previous="")
    return run


def _change(locked: Run, details: RunDetails) -> None:
    given = details.provided()
    for attribute, value in given.items():
        setattr(locked, attribute, value)
    locked.full_clean(exclude=["project", "user", *_UNCHECKED])
    locked.save(update_fields=list(given))


def change_state(run: Run, state: RunState) -> None:
    """Move the locked run to the state and publish that; nothing happens where it is there already."""
    now = timezone.now()
    if state == RunState.RUNNING:
        run.heartbeat_at = now
    previous, run.state = run.state, state
    run.is_restarting = False
    run.finished_at = None if state in _OPEN else now
    if previous != state and state in _OPEN:
        # It begins anew: what was said of its end is over.
        run.exit_code = run.stop_requested_at = run.preempting_at = None
    columns = ["state", "finished_at", "heartbeat_at", "exit_code", "stop_requested_at", "preempting_at"]
    run.save(update_fields=[*columns, "is_restarting"])
    if previous != state:
        _publish_state(run, previous=previous)
    if previous in _OPEN and state in _OVER:
        _publish_if_last(run)


def _publish_if_last(run: Run) -> None:
    """Publish that nothing runs any more: in the project, and in the run's group."""
    running = Run.objects.filter(project=run.project, state=RunState.RUNNING)
    if not running.exists():
        ledger.publish(ALL_RUNS_DONE, run.event_scope, {"run": run.pk, "group": ""}, actor=run.actor)
    if run.group and not running.filter(group=run.group).exists():
        ledger.publish(ALL_RUNS_DONE, run.event_scope, {"run": run.pk, "group": run.group}, actor=run.actor)


def _publish_state(run: Run, *, previous: str) -> None:
    data = {"run": run.pk, "state": str(run.state), "previous": previous}
    ledger.publish(RUN_STATE_CHANGED, run.event_scope, data, actor=run.actor)
