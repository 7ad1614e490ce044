"""Events are judged once, in order, and one that cannot be judged stops no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils.timezone import now
from pytest_httpserver import HTTPServer

from automations.conditions import condition as conditions
from automations.conditions.condition import Condition, Verdict
from automations.definitions.representation import draft_of
from automations.definitions.services import change_automation
from automations.engine.evaluation import evaluate
from automations.models import Automation, Cooldown, Execution
from automations.parameters import Parameters
from automations.tasks import work
from events import ledger
from events.models import Event
from projects.history.stream_offsets import next_offset
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World, threshold

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Judged = Callable[[Callable[[], Verdict]], dict[str, str]]


@pytest.fixture
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


@pytest.fixture
def judged() -> Iterator[Judged]:
    """Make a condition that judges with what a test gives, for as long as the test runs."""

    def made(verdict: Callable[[], Verdict]) -> dict[str, str]:
        class Made(Condition):
            key = "made"
            label = "Made by a test"
            events = ("run.state", "run.metric")
            Form = Parameters

            def describe(self) -> str:
                return "as a test says"

            def judge(self, context: Any, past: Any) -> Verdict:
                return verdict()

        conditions.registry.register(Made)
        return {"type": "made"}

    yield made
    conditions.registry._classes.pop("made", None)


def log(run: Run, *losses: float) -> None:
    ingest_rows(run, next_offset(run), [{"loss": loss} for loss in losses])


def arrived(receiver: HTTPServer, key: str = "automation") -> list[Any]:
    return [json.loads(request.data)[key] for request, _answer in receiver.log]


def log_at(moment: datetime, run: Run, loss: float = 2.0) -> None:
    with time_machine.travel(moment, tick=False):
        log(run, loss)
        work()


@pytest.mark.parametrize("name", [" loss", "loss ", " a  b "])
def test_spaces_around_the_name_of_a_metric_are_part_of_it(
    world: World, hook: None, receiver: HTTPServer, name: str
) -> None:
    automation = world.automation(threshold(metric=name), event="RUN_METRIC")
    assert automation.conditions[0]["metric"] == name
    run = world.run()
    ingest_rows(run, 0, [{name.strip(): 2.0}])
    work()
    assert receiver.log == []
    ingest_rows(run, 1, [{name: 2.0}])
    work()
    assert arrived(receiver, "run") == ["run1"]


# Rests ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "calls"), [(DAY - timedelta(seconds=1), 1), (DAY, 2)], ids=["23:59:59", "24:00:00"])
def test_a_cooldown_is_a_day_and_no_second_longer(
    world: World, hook: None, receiver: HTTPServer, after: timedelta, calls: int
) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    log_at(NOON, run)
    log_at(NOON + after, run)
    assert len(receiver.log) == calls


def test_a_cooldown_begins_anew_with_each_fire(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(threshold(), event="RUN_METRIC", cooldown_seconds=60)
    run = world.run()
    for second in (0, 59, 60, 119, 120):
        log_at(NOON + timedelta(seconds=second), run)
    assert len(receiver.log) == 3
    assert Cooldown.objects.get().fired_at == NOON + timedelta(seconds=120)


def test_each_run_has_a_cooldown_of_its_own(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    for name in ("run1", "run2"):
        log_at(NOON, world.run(name))
    assert arrived(receiver, "run") == ["run1", "run2"]


def test_without_a_cooldown_it_fires_every_time(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(threshold(), event="RUN_METRIC", cooldown_seconds=0)
    run = world.run()
    for _ in range(3):
        log_at(NOON, run)
    assert len(receiver.log) == 3
    assert Cooldown.objects.count() == 0


def test_what_would_have_fired_is_told_once_and_counted(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    for minute in range(4):
        log_at(NOON + timedelta(minutes=minute), run)
    suppressed = Execution.objects.get(state="suppressed")
    assert (suppressed.count, suppressed.reason) == (
        3,
        "Cooldown: it fired for this run already, and is quiet about it until 2026-01-06 12:00 UTC.",
    )


def test_another_question_forgets_the_cooldown(world: World, hook: None, receiver: HTTPServer) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    log_at(NOON, run)
    changed = {**vars(draft_of(automation)), "conditions": [threshold(threshold=1.5)]}
    change_automation(automation, type(draft_of(automation))(**changed))
    log_at(NOON, run)
    assert len(receiver.log) == 2


def test_another_name_keeps_the_cooldown(world: World, hook: None, receiver: HTTPServer) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    log_at(NOON, run)
    draft = draft_of(automation)
    change_automation(automation, type(draft)(**{**vars(draft), "name": "new"}))
    log_at(NOON, run)
    assert len(receiver.log) == 1


# What is broken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"conditions": [{"type": "moon"}]}, id="unknown condition"),
        pytest.param({"conditions": [{"states": ["failed"]}]}, id="condition without a type"),
        pytest.param({"conditions": [{"type": "run_state", "states": ["exploded"]}]}, id="wrong parameter"),
        pytest.param({"conditions": [{"type": "run_name", "pattern": "(["}, FAILED]}, id="regex that does not compile"),
        pytest.param({"conditions": "nonsense"}, id="conditions that are no list"),
        pytest.param({"action_type": "fax"}, id="unknown action"),
        pytest.param({"action": {}}, id="action without a webhook"),
        pytest.param(
            {"action": {"webhook": "x", "payload": "{}"}, "receiver_key": "webhook:x"}, id="receiver_key that is none"
        ),
        pytest.param({"receiver_key": "webhook:0"}, id="another receiver than the action's"),
    ],
)
def test_a_broken_automation_disables_itself_and_stops_no_other(
    world: World, hook: None, receiver: HTTPServer, columns: dict[str, Any]
) -> None:
    broken, _sound = world.automation(FAILED, name="broken"), world.automation(FAILED, name="sound")
    Automation.objects.filter(pk=broken.pk).update(**columns)
    finish_run(world.run(), 1)
    work()
    assert arrived(receiver) == ["sound"]
    broken = Automation.objects.get(pk=broken.pk)
    assert broken.enabled is False
    assert broken.problem.endswith("Save it again to repair it.")


def test_a_broken_automation_can_still_be_listed_and_read(world: World, hook: None, api: Any) -> None:
    broken = world.automation(FAILED)
    Automation.objects.filter(pk=broken.pk).update(
        conditions=[{"type": "moon"}], action_type="fax", action={}, receiver_key="fax:x", event_type="run.exploded"
    )
    (listed,) = api.get("/api/v1/automations").json()["results"]
    assert listed == api.get(f"/api/v1/automations/{broken.pk}").json()
    assert listed["sentence"] == "This automation cannot be read. Edit it to repair it."


def test_a_condition_that_raises_leaves_a_skipped_execution_with_the_reason(
    world: World, hook: None, receiver: HTTPServer, judged: Judged
) -> None:
    def fails() -> Verdict:
        raise ZeroDivisionError("nothing to divide by")

    world.automation(FAILED, judged(fails), name="raises")
    world.automation(FAILED, name="sound")
    finish_run(world.run(), 1)
    work()
    assert arrived(receiver) == ["sound"]
    suppressed = Execution.objects.get(automation__name="raises")
    assert (suppressed.state, suppressed.reason) == (
        "suppressed",
        "A condition could not be judged: ZeroDivisionError: nothing to divide by",
    )


# Once, and in order --------------------------------------------------------------------------------


@pytest.mark.parametrize("cooldown", [0, 60])
def test_processing_the_same_event_twice_delivers_once(
    world: World, hook: None, receiver: HTTPServer, cooldown: int
) -> None:
    world.automation(FAILED, cooldown_seconds=cooldown)
    finish_run(world.run(), 1)
    for _ in range(2):
        Event.objects.update(processed_at=None)
        work()
    assert len(receiver.log) == 1
    assert Execution.objects.count() == 1
    assert Event.objects.filter(processed_at=None).count() == 0


def test_a_worker_that_was_down_catches_up_in_order(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(
        threshold(), event="RUN_METRIC", cooldown_seconds=0, action={"payload": '{"value": ${metric_value}}'}
    )
    run = world.run()
    for loss in (2, 0, 3, 4):
        log(run, loss)
    work()
    assert sorted(arrived(receiver, "value")) == [2.0, 3.0, 4.0]
    fired = Execution.objects.order_by("id").values_list("kept_variables", flat=True)
    assert [variables["metric_value"] for variables in fired] == [2.0, 3.0, 4.0]


def test_what_is_done_under_a_lost_lease_is_rolled_back(
    world: World, hook: None, receiver: HTTPServer, judged: Judged
) -> None:
    def is_overtaken() -> Verdict:
        Event.objects.update(lease="of another worker")
        return Verdict(True, "it holds")

    world.automation(FAILED, judged(is_overtaken))
    finish_run(world.run(), 1)
    evaluate()
    assert Execution.objects.count() == Cooldown.objects.count() == 0
    assert Event.objects.get(data__contains="failed").processed_at is None


def test_an_expired_lease_is_taken_over_and_nothing_doubled(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(FAILED, cooldown_seconds=0)
    finish_run(world.run(), 1)
    _lease, events = ledger.claim()
    work()
    assert receiver.log == []
    Event.objects.filter(pk__in=[event.pk for event in events]).update(leased_until=now() - timedelta(seconds=1))
    work()
    assert len(receiver.log) == 1


def test_what_is_leased_cannot_be_settled_by_the_one_it_was_taken_from(world: World, hook: None) -> None:
    world.automation(FAILED)
    finish_run(world.run(), 1)
    lease, events = ledger.claim()
    Event.objects.update(leased_until=now() - timedelta(seconds=1))
    ledger.claim()
    with pytest.raises(ledger.LeaseLost), transaction.atomic():
        ledger.mark_processed(lease, events)
    assert Event.objects.filter(processed_at=None).count() == len(events)


def test_two_workers_never_have_events_of_one_run_at_once(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    first, second = world.run("run1"), world.run("run2")
    log(first, 1)
    _lease, held = ledger.claim()
    log(first, 2)
    log(second, 3)
    _lease, others = ledger.claim()
    assert ({event.stream for event in held}, {event.stream for event in others}) == (
        {first.stream_key},
        {second.stream_key},
    )


def test_events_are_handed_out_from_the_oldest_on(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    for loss in range(5):
        log(run, loss)
    ids = list(Event.objects.filter(processed_at=None).order_by("id").values_list("pk", flat=True))
    _lease, events = ledger.claim()
    assert [event.pk for event in events] == ids


# Suspects ------------------------------------------------------------------------------------------


def expire() -> None:
    """What is left when a worker dies while it judges."""
    Event.objects.filter(processed_at=None).update(leased_until=now() - timedelta(seconds=1))


def test_an_event_whose_worker_died_goes_alone(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    log(world.run("run1"), 1)
    _lease, (suspect,) = ledger.claim()
    expire()
    log(world.run("run2"), 1)
    _lease, first = ledger.claim()
    assert [event.pk for event in first] == [suspect.pk]
    _lease, second = ledger.claim()
    assert [event.stream for event in second] == [Run.objects.get(name="run2").stream_key]


def test_those_before_a_suspect_are_not_held_up_by_it(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    for name in ("run1", "run2", "run3"):
        log(world.run(name), 1)
    pks = list(Event.objects.filter(processed_at=None).order_by("id").values_list("pk", flat=True))
    Event.objects.filter(pk=pks[1]).update(claims=1)
    claimed = [[event.pk for event in ledger.claim()[1]] for _ in range(3)]
    assert claimed == [[pks[0]], [pks[1]], [pks[2]]]


def test_an_event_that_took_five_workers_down_is_set_aside_and_the_next_goes_on(world: World, hook: None) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    log(run, 1)
    for _ in range(5):
        _lease, (suspect,) = ledger.claim()
        expire()
    log(run, 2)
    assert ledger.claim()[1] == []
    (following,) = ledger.claim()[1]
    suspect.refresh_from_db()
    assert suspect.problem == "Judging it took its worker down 5 times."
    assert suspect.processed_at is not None
    assert following.pk > suspect.pk


# What conditions see -------------------------------------------------------------------------------


def test_a_run_without_a_display_name_is_known_by_its_id(world: World, hook: None, receiver: HTTPServer) -> None:
    world.automation(FAILED, {"type": "run_name", "pattern": "^run1$"})
    finish_run(world.run("run1"), 1)
    finish_run(world.run("run2", display_name="of run1"), 1)
    work()
    assert arrived(receiver, "run") == ["run1"]


def test_what_the_lease_leaves_no_time_for_is_judged_in_the_next_batch(
    world: World, hook: None, receiver: HTTPServer, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0
    world.automation(FAILED, rate_limit=0)
    for number in range(4):
        finish_run(world.run(f"run{number}"), 1)
    judged = [evaluate() for _ in range(9)]
    # Each batch judges at least one, and gives back the rest: started and failed, of four runs; one is heard done.
    assert judged[:3] == [1, 1, 1]
    assert sum(judged) == Event.objects.filter(kind="run.state").count() == 8
    assert Event.objects.filter(processed_at=None).count() == 0
    assert Execution.objects.count() == 4
