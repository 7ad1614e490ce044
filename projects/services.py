"""What happens to projects and runs. Each change and its event stand in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.clock import database_now
from common.refusals import refuse_twin
from common.twins import only_one
from events import ledger
from projects.lines import begin_anew
from projects.models import Project, Run, RunState
from teams.models import Team, User

STATE_CHANGED = "run.state"
ALL_DONE = "run.all_done"
# States from which a run that logs again comes back to life.
_SILENT = (RunState.CRASHED, RunState.PENDING)
# Whatever a client says is right there.
_UNCHECKED = ("config", "summary", "told_summary", "telemetry", "tags")
_OPEN = (RunState.RUNNING, RunState.PENDING)
_OVER = (RunState.FINISHED, RunState.FAILED, RunState.CRASHED, RunState.KILLED)


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
    told_summary: Mapping[str, Any] | None = None

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class Started:
    run: Run
    created: bool
    changed: list[str] = field(default_factory=list)


def create_project(team: Team, name: str, description: str = "") -> Project:
    project = Project(team=team, name=name, description=description)
    twins = Project.objects.filter(team=team, name=name)
    with only_one(twins, f"The team {team.name} has a project {name!r} already."):
        project.full_clean(validate_constraints=False)
        project.save()
    return project


def get_or_create_project(team: Team, name: str) -> Project:
    """Give the project of this name, made where there is none: two runs may ask at once."""
    there = Project.objects.filter(team=team, name=name).first()
    if there is None:
        Project(team=team, name=name).clean_fields(exclude=["team"])
        there, _created = Project.objects.get_or_create(team=team, name=name)
    there.team = team
    return there


def start_run(
    project: Project, name: str | None, details: RunDetails, *, user: User | None, anew: bool = False,
    waits: bool = False,
) -> Started:  # fmt: skip
    """Create the run, or resume it where there is one of this name.

    `anew` says that the client knows nothing of an earlier run, and counts its lines from 0; `waits` that it is to
    run later: a new run is pending then, and one that is there stays as it is.
    """
    with transaction.atomic():
        named = Run.objects.select_for_update().filter(project=project, name=name or "")
        run = named.first()
        if run is None:
            state = RunState.PENDING if waits else RunState.RUNNING
            if made := _create_run(project, name or secrets.token_hex(4), details, user, state):
                return Started(made, created=True)
            run = named.all().get()
        run.project = project
        _change(run, details)
        if waits:
            return Started(run, created=False)
        if anew and run.state in _OVER:
            begin_anew(run)
            run.save(update_fields=["line_bases"])
        change_state(run, RunState.RUNNING)
        return Started(run, created=False)


def change_run(run: Run, details: RunDetails) -> Run:
    """Change what is said of the run; it does not come back to life."""
    with transaction.atomic():
        locked = lock(run)
        _change(locked, details)
        return locked


def stop_run(run: Run) -> Run:
    """Ask the run's script to stop: it is told when it next sends something. A repeat changes nothing."""
    with transaction.atomic():
        locked = lock(run)
        if locked.state != RunState.RUNNING:
            refuse_twin("state", f"The run {locked} is {locked.state}; only a running run can be stopped.")
        if locked.stop_requested_at is None:
            locked.stop_requested_at = timezone.now()
            locked.save(update_fields=["stop_requested_at"])
        return locked


def heartbeat(run: Run) -> Run:
    """Note that the run is alive; one that had gone silent runs again."""
    with transaction.atomic():
        locked = lock(run)
        locked.save(update_fields=note_life(locked))
        return locked


def finish_run(run: Run, exit_code: int) -> Run:
    """End the run: finished with exit code 0, failed with any other. A repeat changes nothing."""
    with transaction.atomic():
        locked = lock(run)
        end(locked, exit_code)
        return locked


def end(locked: Run, exit_code: int) -> None:
    """End a locked run; one that was asked to stop, and did not simply finish, was killed."""
    locked.exit_code = exit_code
    locked.save(update_fields=["exit_code"])
    otherwise = RunState.FAILED if locked.stop_requested_at is None else RunState.KILLED
    change_state(locked, RunState.FINISHED if exit_code == 0 else otherwise)


def mark_crashed(limit: int = 200) -> int:
    """Mark runs that went silent as crashed; give how many."""
    oldest = database_now() - timedelta(seconds=settings.HEARTBEAT_SECONDS)
    silent = Run.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=oldest)
    marked = 0
    for run in silent.order_by("heartbeat_at")[:limit]:
        with transaction.atomic():
            locked = lock(run)
            # It may have come back since we looked.
            if locked.state == RunState.RUNNING and locked.heartbeat_at < oldest:
                change_state(locked, RunState.KILLED if locked.stop_requested_at else RunState.CRASHED)
                marked += 1
    return marked


def lock(run: Run) -> Run:
    """Give the run's row, held until the transaction ends: its chunks and events come one after the other."""
    return Run.objects.select_for_update(of=("self",)).select_related("project__team", "user").get(pk=run.pk)


def lock_again(run: Run) -> Run:
    """As `lock`, for a run that was just read with its project: where it belongs stays."""
    # What is large and seldom asked for is read only then.
    rows = Run.objects.select_for_update().defer("config", "telemetry", "told_summary", "tags", "notes", "program")
    locked = rows.get(pk=run.pk)
    locked.project, locked.user = run.project, run.user
    return locked


def note_life(run: Run) -> list[str]:
    """Note life of a locked run, which the caller saves: give the columns. One that had gone silent runs again."""
    run.heartbeat_at = timezone.now()
    if run.state in _SILENT:
        change_state(run, RunState.RUNNING)
    return ["heartbeat_at"]


def place_of(run: Run) -> ledger.Place:
    return ledger.Place(team=run.project.team, scopes=run.project.scopes, stream=run.stream_key)


def actor_of(run: Run) -> str:
    return run.user.username if run.user else ""


def _create_run(project: Project, name: str, details: RunDetails, user: User | None, state: RunState) -> Run | None:
    """None where another process of the same training began it at this moment: this one goes on in it."""
    run = Run(project=project, name=name, user=user, state=state, **details.given())
    run.full_clean(exclude=["user", *_UNCHECKED], validate_constraints=False)
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        return None
    _publish_state(run, previous="")
    return run


def _change(locked: Run, details: RunDetails) -> None:
    given = details.given()
    for attribute, value in given.items():
        setattr(locked, attribute, value)
    locked.full_clean(exclude=["project", "user", *_UNCHECKED])
    locked.save(update_fields=list(given))


def change_state(run: Run, state: RunState) -> None:
    """Move the locked run to the state and say so; nothing happens where it is there already."""
    now = timezone.now()
    if state == RunState.RUNNING:
        run.heartbeat_at = now
    previous, run.state = run.state, state
    run.finished_at = None if state in _OPEN else now
    if previous != state and state in _OPEN:
        # It begins anew: what was said of its end is over.
        run.exit_code = run.stop_requested_at = None
    run.save(update_fields=["state", "finished_at", "heartbeat_at", "exit_code", "stop_requested_at"])
    if previous != state:
        _publish_state(run, previous=previous)
    if previous in _OPEN and state in _OVER:
        _publish_if_last(run)


def _publish_if_last(run: Run) -> None:
    """Say that nothing runs any more: in the project, and in the run's group."""
    running = Run.objects.filter(project=run.project, state=RunState.RUNNING)
    if not running.exists():
        ledger.publish(ALL_DONE, place_of(run), {"run": run.pk, "group": ""}, actor=actor_of(run))
    if run.group and not running.filter(group=run.group).exists():
        ledger.publish(ALL_DONE, place_of(run), {"run": run.pk, "group": run.group}, actor=actor_of(run))


def _publish_state(run: Run, *, previous: str) -> None:
    data = {"run": run.pk, "state": str(run.state), "previous": previous}
    ledger.publish(STATE_CHANGED, place_of(run), data, actor=actor_of(run))
