"""Retention: what is older than it is kept goes, a little at a time, and nothing that is still needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.utils.timezone import now

from automations.models import Attempt, Automation, Cooldown, Execution, ExecutionState, WindowState
from automations.tasks import work
from events.models import Event
from operations.models import RetentionProgress
from operations.retention import removal, retention_kind
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent, Notice
from teams.notices.team_notices import open_notice, settle_notice
from tests.world import FAILED, World

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)


@pytest.fixture
def days(settings: Any) -> Any:
    """Keep everything for ever, but what a test says."""

    def keep(**said: int) -> None:
        settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 0), **said}

    keep()
    return keep


@pytest.fixture
def automation(world: World) -> Automation:
    world.webhook("http://127.0.0.1:9/hook")
    return world.automation(FAILED)


def remove(key: str) -> int:
    return removal.remove_all(retention_kind.registry.get(key))


def event(world: World, *, age: timedelta = LONG_AGO, kind: str = "run.alert", judged: bool = True) -> Event:
    at = now() - age
    return Event.objects.create(
        kind=kind, team=world.team, stream="run:1", data={"run": 1}, occurred_at=at, processed_at=at if judged else None
    )


def execution(
    automation: Automation, *, age: timedelta = LONG_AGO, state: str = ExecutionState.DELIVERED, **values: Any
) -> Execution:
    row = Execution.objects.create(
        automation=automation, team=automation.team, state=state, created_at=now() - age, **values
    )
    Attempt.objects.create(execution=row, number=1, started_at=row.created_at, detail="The receiver answered 204.")
    return row


def left(rows: Iterable[Model]) -> list[Model]:
    """Give those of these rows that are there."""
    return [row for row in rows if type(row)._base_manager.filter(pk=row.pk).exists()]


def test_judged_events_go_and_what_waits_is_young_or_is_a_runs_timeline_stays(world: World, days: Any) -> None:
    days(events=90)
    rows = [
        event(world),
        event(world, judged=False),
        event(world, age=timedelta(days=89)),
        event(world, kind="run.state"),
    ]
    assert (remove("events"), left(rows)) == (1, rows[1:])


def test_an_execution_outlives_its_event(world: World, automation: Automation, days: Any) -> None:
    days(events=90)
    told = execution(automation, event=event(world))
    assert remove("events") == 1
    told.refresh_from_db()
    assert (told.event_id, told.state) == (None, "delivered")


def test_executions_go_with_their_attempts_and_what_is_pending_or_the_last_stays(
    automation: Automation, days: Any
) -> None:
    days(executions=90)
    rows = [
        execution(automation),
        execution(automation, state=ExecutionState.PENDING),
        execution(automation, state=ExecutionState.SUPPRESSED),
        execution(automation, age=timedelta(days=95)),
    ]
    assert (remove("executions"), left(rows)) == (2, [rows[1], rows[3]])
    assert Attempt.objects.count() == 2


def test_cooldown_and_window_stay_so_that_nothing_fires_again(automation: Automation, days: Any) -> None:
    days(executions=30, events=30)
    counted = execution(automation, state=ExecutionState.SUPPRESSED)
    execution(automation)
    cooldown = Cooldown.objects.create(
        automation=automation, subject="run:1", fired_at=now() - LONG_AGO, suppressed=counted, holding=True
    )
    window = WindowState.objects.create(automation=automation, subject="run:1/history/1", position=7, values=[1.5])
    assert remove("executions") == 1
    cooldown.refresh_from_db()
    window.refresh_from_db()
    assert (cooldown.holding, cooldown.suppressed, window.values) == (True, None, [1.5])


def test_what_was_judged_and_forgotten_fires_no_second_time(world: World, automation: Automation, days: Any) -> None:
    days(events=30, executions=30)
    run = world.run()
    finish_run(run, 1)
    work()
    Execution.objects.update(created_at=now() - LONG_AGO, state=ExecutionState.DELIVERED)
    execution(automation)
    assert (remove("executions"), remove("events")) == (1, 0)
    finish_run(run, 1)
    work()
    assert Execution.objects.count() == 1


def test_the_audit_log_goes_by_its_own_days(world: World, days: Any) -> None:
    AuditEvent.objects.create(verb="secret.create", target="secret k", at=now() - timedelta(days=400), team=world.team)
    young = AuditEvent.objects.create(verb="secret.delete", target="secret k", at=now() - LONG_AGO, team=world.team)
    days(audit=365)
    assert remove("audit") == 1
    assert AuditEvent.objects.get(verb__startswith="secret.") == young


def test_settled_notices_go_and_open_ones_stay(world: World, days: Any) -> None:
    days(notices=90)
    for key in ("open", "settled"):
        open_notice(world.team, key, "The webhook is disabled.")
    settle_notice(world.team, "settled")
    Notice.objects.update(created_at=now() - LONG_AGO)
    Notice.objects.filter(settled_at__isnull=False).update(settled_at=now() - LONG_AGO)
    assert (remove("notices"), Notice.objects.get().key) == (1, "open")


def test_nothing_goes_where_no_days_are_set(world: World, automation: Automation, days: Any) -> None:
    event(world)
    execution(automation)
    execution(automation)
    call_command("retention", stdout=StringIO())
    assert (Event.objects.count(), Execution.objects.count()) == (1, 2)


def test_a_dry_run_says_what_would_go_by_kind_and_team_and_changes_nothing(
    world: World, automation: Automation, days: Any
) -> None:
    days(events=90, executions=90)
    event(world)
    event(world)
    Event.objects.create(
        kind="run.alert", team=world.other_team, occurred_at=now() - LONG_AGO, processed_at=now() - LONG_AGO
    )
    execution(automation)
    execution(automation)
    out = StringIO()
    call_command("retention", dry_run=True, stdout=out)
    said = out.getvalue()
    assert "events: 3 rows would go.\n  acme: 2\n  other: 1\n" in said
    assert "executions: 1 rows would go.\n  acme: 1\n" in said
    assert "audit: kept for ever.\n" in said
    assert (Event.objects.count(), Execution.objects.count()) == (3, 2)


def test_the_command_removes_what_the_dry_run_said(world: World, days: Any) -> None:
    days(events=90)
    event(world)
    out = StringIO()
    call_command("retention", stdout=out)
    assert ("events: 1 rows removed." in out.getvalue(), Event.objects.count()) == (True, 0)


def test_it_goes_on_where_it_was_killed(world: World, days: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    days(events=90)
    monkeypatch.setattr(retention_kind, "BATCH", 2)
    monkeypatch.setattr(removal, "_TURN_SECONDS", 0)
    for _ in range(5):
        event(world)
    removal.remove_some()
    RetentionProgress.objects.exclude(kind="events").delete()
    assert [_turn() for _ in range(3)] == [2, 2, 1]
    progress = RetentionProgress.objects.get(kind="events")
    assert (progress.after, progress.due_at > now() + timedelta(minutes=50)) == (0, True)


def test_two_processes_are_never_at_one_kind_together(world: World, days: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    days(events=90)
    event(world)
    removal.remove_some()
    RetentionProgress.objects.exclude(kind="events").delete()
    _due_now()
    other: list[int] = []
    batches = removal._batches

    def beside(*asked: Any) -> Any:
        other.append(removal.remove_some())
        return batches(*asked)

    monkeypatch.setattr(removal, "_batches", beside)
    assert (removal.remove_some(), other) == (1, [0])


def _turn() -> int:
    _due_now()
    return removal.remove_some()


def _due_now() -> None:
    RetentionProgress.objects.update(due_at=now() - timedelta(seconds=1))
