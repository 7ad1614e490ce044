"""Events beyond W&B's: a run that stalls, and the last run that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer

from automations.models import Execution
from automations.tasks import sweep, work
from projects.models import HistoryChunk, Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.world import World

DONE = {"type": "all_done"}


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def age(minutes: int) -> None:
    """Let so much time pass for what was logged, and for nothing else."""
    for model in (HistoryChunk, Run):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(minutes=minutes))


def fired() -> list[str]:
    return list(Execution.objects.exclude(state="suppressed").order_by("id").values_list("subject_label", flat=True))


def test_a_run_that_logs_nothing_for_the_given_time_is_told_once(world: World) -> None:
    world.automation({"type": "stalled", "seconds": 600}, event="RUN_STALLED", cooldown_seconds=0)
    ingest_rows(world.run("quiet"), 0, [{"loss": 1.0}])
    sweep()
    assert fired() == []
    age(11)
    ingest_rows(world.run("busy"), 0, [{"loss": 1.0}])
    for _ in range(3):
        sweep()
    assert fired() == ["quiet"]
    assert Execution.objects.get().variables["silent_seconds"] >= 660


def test_a_run_that_goes_on_and_stalls_again_is_told_again(world: World) -> None:
    world.automation({"type": "stalled", "seconds": 600}, event="RUN_STALLED", cooldown_seconds=0)
    run = world.run()
    ingest_rows(run, 0, [{"loss": 1.0}])
    age(11)
    sweep()
    ingest_rows(run, 1, [{"loss": 1.0}])
    sweep()
    age(12)
    sweep()
    assert len(fired()) == 2


def test_a_metric_may_stand_still_while_others_move(world: World) -> None:
    world.automation({"type": "stalled", "metric": "val/loss", "seconds": 600}, event="RUN_STALLED")
    run = world.run()
    ingest_rows(run, 0, [{"val/loss": 1.0}])
    age(11)
    ingest_rows(run, 1, [{"loss": 1.0}])
    sweep()
    assert Execution.objects.get().variables["metric_name"] == "val/loss"


def test_a_stall_is_told_once_to_each_that_asks_whatever_others_ask(world: World) -> None:
    for name, seconds in (("ten", 600), ("also ten", 600), ("twenty", 1200)):
        asked = {"type": "stalled", "seconds": seconds}
        world.automation(asked, event="RUN_STALLED", cooldown_seconds=0, name=name)
    ingest_rows(world.run(), 0, [{"loss": 1.0}])
    age(21)
    sweep()
    sweep()
    told = Execution.objects.order_by("automation").values_list("automation__name", flat=True)
    assert list(told) == ["ten", "also ten", "twenty"]


def test_a_run_that_has_ended_does_not_stall(world: World) -> None:
    world.automation({"type": "stalled", "seconds": 600}, event="RUN_STALLED")
    finish_run(world.run(), 0)
    age(11)
    sweep()
    assert fired() == []


def test_the_last_run_of_a_project_tells_that_all_are_done(world: World) -> None:
    world.automation(DONE, event="ALL_RUNS_DONE")
    runs = [world.run(name) for name in ("a", "b", "c")]
    for run in runs:
        finish_run(run, 0)
        work()
    assert fired() == ["c"]


def test_the_last_run_of_a_group_tells_while_others_go_on(world: World) -> None:
    world.automation({**DONE, "group": "sweep"}, event="ALL_RUNS_DONE")
    world.run("other")
    runs = [world.run(name, group="sweep") for name in ("a", "b")]
    for run in runs:
        finish_run(run, 1)
    work()
    assert fired() == ["b"]
    assert Execution.objects.get().variables["run_group"] == "sweep"


def test_it_is_told_each_time_all_are_done(world: World) -> None:
    world.automation(DONE, event="ALL_RUNS_DONE")
    for name in ("a", "b"):
        finish_run(world.run(name), 0)
    work()
    assert fired() == ["a", "b"]
    assert Execution.objects.filter(created_at__lte=timezone.now()).count() == 2
