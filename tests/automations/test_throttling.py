"""Rate limits, recovery, changes and z-scores, through the engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from pytest_httpserver import HTTPServer

from automations.engine.evaluation import evaluate
from automations.models import Execution
from automations.tasks import work
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World, threshold


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def log(run: Run, *losses: float) -> None:
    ingest_rows(run, run.chunks.count(), [{"loss": losses[0]}])
    for loss in losses[1:]:
        ingest_rows(run, run.chunks.count(), [{"loss": loss}])


def fired() -> list[tuple[bool, float]]:
    rows = Execution.objects.exclude(state="suppressed").order_by("id")
    return [(row.recovered, row.variables["metric_value"]) for row in rows]


def test_more_than_the_rate_limit_is_skipped_counted_and_says_why(world: World) -> None:
    world.automation(FAILED, rate_limit=3)
    for number in range(10):
        finish_run(world.run(f"run{number}"), 1)
    work()
    assert Execution.objects.filter(state="delivered").count() == 3
    suppressed = Execution.objects.get(state="suppressed")
    assert suppressed.count == 7
    assert suppressed.reason == "Too many: it fired 3 times within a minute, which is its rate limit."


def test_the_rate_limit_holds_over_batches_too(world: World) -> None:
    world.automation(FAILED, rate_limit=3)
    for number in range(5):
        finish_run(world.run(f"run{number}"), 1)
        work()
    assert Execution.objects.filter(state="delivered").count() == 3
    assert Execution.objects.get(state="suppressed").count == 2


def test_a_rate_limit_of_zero_is_none(world: World) -> None:
    world.automation(FAILED, rate_limit=0)
    for number in range(70):
        finish_run(world.run(f"run{number}"), 1)
    work()
    assert Execution.objects.filter(state="delivered").count() == 70


def test_short_cooldowns_that_end_in_the_same_minute_are_counted_apart(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", cooldown_seconds=5)
    run = world.run()
    for second in (0, 1, 2, 6, 7):
        with time_machine.travel(datetime(2026, 1, 5, 12, 0, second, tzinfo=UTC), tick=False):
            log(run, 2.0)
            evaluate()
    suppressed = Execution.objects.filter(state="suppressed").order_by("id")
    assert [(row.occurred_at.second, row.count) for row in suppressed] == [(1, 2), (7, 1)]


def test_recovery_is_told_once_when_the_condition_no_longer_holds(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", notify_on_recovery=True)
    log(world.run(), 2.0, 3.0, 0.5, 0.4)
    work()
    assert fired() == [(False, 2.0), (True, 0.5)]
    assert Execution.objects.get(recovered=True).variables["alert_status"] == "recovered"


def test_without_recovery_nothing_is_told_of_it(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    log(world.run(), 2.0, 0.5)
    work()
    assert fired() == [(False, 2.0)]


def test_a_fire_and_its_recovery_within_one_batch_are_both_told(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", notify_on_recovery=True)
    ingest_rows(world.run(), 0, [{"loss": 2.0}, {"loss": 0.5}])
    work()
    assert fired() == [(False, 2.0), (True, 0.5)]


def test_what_was_suppressed_does_not_recover(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", notify_on_recovery=True)
    log(world.run(), 2.0, 0.5, 2.0, 0.5)
    work()
    assert fired() == [(False, 2.0), (True, 0.5)]


def test_a_relative_change_compares_two_windows_side_by_side(world: World) -> None:
    change = {
        "type": "metric_change",
        "metric": "loss",
        "window": 2,
        "prior_window": 2,
        "direction": "increase",
        "amount": 0.5,
    }
    world.automation(change, event="RUN_METRIC_CHANGE")
    log(world.run(), 1.0, 1.0, 1.0, 1.9, 2.0)
    work()
    # (1.9 + 2) / 2 against 1: 95 %. One value earlier it was 45 %.
    assert fired() == [(False, pytest.approx(0.95))]


def test_a_relative_change_from_zero_is_not_judged(world: World) -> None:
    change = {"type": "metric_change", "metric": "loss", "aggregation": "latest", "amount": 0.1}
    world.automation(change, event="RUN_METRIC_CHANGE")
    log(world.run(), 0.0, 5.0)
    work()
    assert fired() == []


def test_a_z_score_compares_with_the_last_values_of_the_other_runs(world: World) -> None:
    world.automation(
        {"type": "metric_zscore", "metric": "loss", "threshold": 2, "direction": "increase"}, event="RUN_METRIC_ZSCORE"
    )
    for name, last in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        log(world.run(name), 9.0, last)
        work()
    Execution.objects.all().delete()
    # Mean 2 and sample standard deviation 1: 3.9 is not enough, 4 is.
    run = world.run("mine")
    log(run, 3.9, 4.0)
    work()
    assert fired() == [(False, 2.0)]


def test_a_z_score_needs_three_other_runs_and_a_spread(world: World) -> None:
    world.automation({"type": "metric_zscore", "metric": "loss", "threshold": 0.1}, event="RUN_METRIC_ZSCORE")
    for name in ("a", "b", "c", "d"):
        log(world.run(name), 1.0)
    log(world.run("mine"), 5.0)
    Execution.objects.all().delete()
    work()
    # Only the last run has three others before it, and those have no spread.
    assert fired() == []


def log_system(run: Run, *values: float) -> None:
    for value in values:
        offset = run.chunks.filter(stream="system").count()
        ingest_rows(run, offset, [{"system.cpu": value}], "system")


def test_system_metrics_are_judged_like_others_and_between_them(world: World) -> None:
    world.automation(
        threshold(metric="system.cpu", aggregation="average", window=3, threshold=80), event="RUN_METRIC", name="cpu"
    )
    world.automation(threshold(aggregation="average", window=3), event="RUN_METRIC", name="loss")
    run = world.run()
    for cpu, loss in ((90.0, 1.0), (95.0, 1.5), (97.0, 2.0)):
        log_system(run, cpu)
        log(run, loss)
        work()
    fired = {row.automation.name: row.variables["metric_value"] for row in Execution.objects.all()}
    assert fired == {"cpu": pytest.approx(94.0), "loss": pytest.approx(1.5)}


def test_a_z_score_compares_system_metrics_too(world: World) -> None:
    score = {"type": "metric_zscore", "metric": "system.cpu", "threshold": 2, "direction": "increase"}
    world.automation(score, event="RUN_METRIC_ZSCORE")
    for name, cpu in (("a", 10.0), ("b", 20.0), ("c", 30.0)):
        log_system(world.run(name), cpu)
    log_system(world.run("mine"), 39.0, 40.0)
    work()
    assert fired() == [(False, 2.0)]


def test_a_nested_metric_is_compared_with_those_of_other_runs(world: World) -> None:
    score = {"type": "metric_zscore", "metric": "val.loss", "threshold": 2, "direction": "increase"}
    world.automation(score, event="RUN_METRIC_ZSCORE")
    for name, loss in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("mine", 4.0)):
        ingest_rows(world.run(name), 0, [{"val": {"loss": loss, "acc": 1}}])
    work()
    assert fired() == [(False, 2.0)]
