"""A run's states: each change tells one event, in the transaction of the change, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now

from events import ledger
from events.models import Event
from projects.models import HistoryChunk, Run
from projects.runs import lifecycle
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, finish_run, heartbeat, mark_crashed, start_run
from tests import wake_ups as wake_ups_under_way
from tests.world import FAILED, World, make_world, threshold

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def states_published() -> list[tuple[str, str]]:
    """Give the changes of state that the ledger tells, in order."""
    found = Event.objects.filter(kind=lifecycle.RUN_STATE_CHANGED).order_by("id").values_list("data", flat=True)
    return [(data["previous"], data["state"]) for data in found]


def silence(run: Run, *, seconds: float) -> None:
    Run.objects.filter(pk=run.pk).update(heartbeat_at=now() - timedelta(seconds=seconds))


def state(run: Run) -> str:
    return Run.objects.values_list("state", flat=True).get(pk=run.pk)


def test_a_new_run_runs_and_says_so(world: World) -> None:
    started = start_run(world.project, "run1", RunDetails(tags=["a"]), user=world.users["bob"])
    assert (started.created, started.run.state, started.run.user, started.run.tags) == (
        True,
        "running",
        world.users["bob"],
        ["a"],
    )
    assert states_published() == [("", "running")]
    assert Event.objects.get().actor == "bob"


def test_a_run_without_a_name_gets_one(world: World) -> None:
    names = {start_run(world.project, None, RunDetails(), user=None).run.name for _ in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {8}


def test_resuming_a_run_that_runs_tells_nothing_new(world: World) -> None:
    world.run("run1", display_name="first", tags=["a"], config={"lr": 1})
    started = start_run(world.project, "run1", RunDetails(display_name="second"), user=world.users["bob"])
    assert (started.created, Run.objects.count()) == (False, 1)
    run = Run.objects.get()
    assert (run.display_name, run.tags, run.config, run.user) == ("second", ["a"], {"lr": 1}, world.users["alice"])
    assert states_published() == [("", "running")]


@pytest.mark.parametrize(("code", "ended"), [(0, "finished"), (1, "failed"), (255, "failed"), (-9, "failed")])
def test_a_run_ends_by_its_exit_code(world: World, code: int, ended: str) -> None:
    run = finish_run(world.run(), code)
    assert (run.state, run.exit_code) == (ended, code)
    assert run.finished_at is not None
    assert states_published() == [("", "running"), ("running", ended)]


def test_ending_twice_tells_once(world: World) -> None:
    run = world.run()
    finish_run(run, 1)
    finish_run(run, 1)
    assert states_published() == [("", "running"), ("running", "failed")]


def test_a_finished_run_that_is_resumed_runs_again(world: World) -> None:
    finish_run(world.run("run1"), 0)
    run = start_run(world.project, "run1", RunDetails(), user=world.users["alice"]).run
    assert (run.state, run.finished_at) == ("running", None)
    assert states_published() == [("", "running"), ("running", "finished"), ("finished", "running")]


def test_a_heartbeat_tells_nothing_of_a_run_that_runs(world: World) -> None:
    run = world.run()
    silence(run, seconds=200)
    heartbeat(run)
    assert now() - Run.objects.get().heartbeat_at < timedelta(seconds=10)
    assert states_published() == [("", "running")]


@pytest.mark.parametrize("late", ["heartbeat", "history"])
def test_a_late_sign_does_not_revive_a_run_that_ended_itself(world: World, late: str) -> None:
    run = world.run()
    finish_run(run, 1)
    heartbeat(run) if late == "heartbeat" else ingest_rows(run, 0, [{"loss": 1}])
    assert state(run) == "failed"
    assert states_published() == [("", "running"), ("running", "failed")]


# Silence -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "after"), [(299, "running"), (301, "crashed")])
def test_a_run_that_is_silent_for_too_long_crashed(world: World, seconds: int, after: str) -> None:
    run = world.run()
    silence(run, seconds=seconds)
    assert mark_crashed() == (after == "crashed")
    assert state(run) == after


def test_silence_is_measured_to_the_second(world: World, settings: Any) -> None:
    run = world.run()
    with time_machine.travel(NOON, tick=False):
        boundary = lifecycle.database_now() - timedelta(seconds=settings.HEARTBEAT_SECONDS)
        Run.objects.filter(pk=run.pk).update(heartbeat_at=boundary + timedelta(seconds=1))
        assert mark_crashed() == 0
        Run.objects.filter(pk=run.pk).update(heartbeat_at=boundary - timedelta(seconds=1))
        assert mark_crashed() == 1


def test_a_crash_is_told_once(world: World) -> None:
    run = world.run()
    silence(run, seconds=301)
    assert [mark_crashed(), mark_crashed()] == [1, 0]
    assert states_published() == [("", "running"), ("running", "crashed")]


@pytest.mark.parametrize("ended", ["finished", "failed", "killed", "crashed", "preempted", "pending"])
def test_only_runs_that_run_can_crash(world: World, ended: str) -> None:
    run = world.run()
    Run.objects.update(state=ended)
    silence(run, seconds=9999)
    assert mark_crashed() == 0
    assert state(run) == ended


@pytest.mark.parametrize("late", ["heartbeat", "history"])
def test_a_crashed_run_that_shows_life_runs_again(world: World, late: str) -> None:
    run = world.run()
    silence(run, seconds=301)
    mark_crashed()
    heartbeat(run) if late == "heartbeat" else ingest_rows(run, 0, [{"loss": 1}])
    revived = Run.objects.get()
    assert (revived.state, revived.finished_at) == ("running", None)
    assert states_published() == [("", "running"), ("running", "crashed"), ("crashed", "running")]
    assert mark_crashed() == 0


def test_a_crashed_run_can_still_say_how_it_ended(world: World) -> None:
    run = world.run()
    silence(run, seconds=301)
    mark_crashed()
    assert finish_run(run, 0).state == "finished"
    assert states_published()[-1] == ("crashed", "finished")


# Transactions --------------------------------------------------------------------------------------


class Regret(Exception):
    pass


def test_what_is_rolled_back_leaves_neither_change_nor_event_nor_wake_up(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    world.webhook("http://127.0.0.1:8009/")
    world.automation(FAILED)
    run = world.run()
    before = Event.objects.count()
    wake_ups_under_way.take_all()
    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(Regret), transaction.atomic():
        finish_run(run, 1)
        raise Regret
    assert (state(run), Event.objects.count(), callbacks) == ("running", before, [])
    assert wake_ups_under_way.take_all() == []


def test_history_that_is_rolled_back_leaves_nothing(world: World, django_capture_on_commit_callbacks: Any) -> None:
    world.webhook("http://127.0.0.1:8009/")
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    before = Event.objects.count()
    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(Regret), transaction.atomic():
        ingest_rows(run, 0, [{"loss": 2}])
        raise Regret
    assert (HistoryChunk.objects.count(), Event.objects.count(), callbacks) == (0, before, [])
    assert Run.objects.get().summary == {}


def wake_ups(callbacks: list[Any]) -> list[Any]:
    """Give what happens at the commit but for counting it for /metrics."""
    return [one for one in callbacks if getattr(one, "func", one).__module__ != "events.prometheus_counts"]


def test_a_commit_that_somebody_listens_to_wakes_the_engine_once(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    world.webhook("http://127.0.0.1:8009/")
    world.automation(FAILED)
    run = world.run()
    with django_capture_on_commit_callbacks() as callbacks:
        finish_run(run, 1)
    assert len(wake_ups(callbacks)) == 1
    assert Event.objects.filter(kind="run.state").latest("id").processed_at is None


def test_what_nobody_listens_to_wakes_nobody(world: World, django_capture_on_commit_callbacks: Any) -> None:
    run = world.run()
    with django_capture_on_commit_callbacks() as callbacks:
        finish_run(run, 1)
        ingest_rows(run, 0, [{"loss": 2}])
    assert wake_ups(callbacks) == []
    assert list(Event.objects.filter(processed_at=None)) == []


def test_a_run_that_is_refused_tells_nothing(world: World) -> None:
    with pytest.raises(ValidationError):
        start_run(world.project, "a/b", RunDetails(), user=None)
    assert (Run.objects.count(), Event.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_event_cannot_be_told_outside_of_a_transaction() -> None:
    run = make_world().run()
    with pytest.raises(RuntimeError, match="stands in the transaction of the change"):
        ledger.publish(lifecycle.RUN_STATE_CHANGED, run.event_scope, {})
    assert states_published() == [("", "running")]
