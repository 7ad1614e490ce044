"""Silences: nothing is told of what matches, and what still holds at the end is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.engine.evaluation import evaluate
from automations.models import Automation, Execution, Silence
from automations.silences.ending import settle_ended_silences
from automations.silences.services import SilenceDraft, create_silence, end_silence
from automations.tasks import work
from projects.runs.alerts import alert_run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from projects.services import create_project
from teams.models import AuditEvent
from tests.world import FAILED, World, threshold

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SILENCES = "/api/v1/teams/acme/silences"


@pytest.fixture(autouse=True)
def clock(world: World, receiver: HTTPServer) -> Iterator[time_machine.Coordinates]:
    world.webhook(receiver.url_for("/hook"))
    with time_machine.travel(NOON, tick=False) as moving:
        yield moving


def silence(world: World, **draft: Any) -> Silence:
    if "weekdays" not in draft:
        draft.setdefault("ends_at", NOON + HOUR)
    return create_silence(world.team, SilenceDraft(**draft), by=world.users["alice"])


def settle() -> None:
    settle_ended_silences()
    work()


def states() -> list[tuple[str, str, int]]:
    return [(row.subject_label, row.state, row.count) for row in Execution.objects.order_by("id")]


def test_what_is_silenced_says_by_whom_and_until_when_and_is_counted(world: World) -> None:
    silence(world, note="Cluster maintenance.")
    world.automation(FAILED)
    run = world.run()
    for _again in range(3):
        finish_run(run, 1)
        run.state = "running"
        run.save()
    work()
    execution = Execution.objects.get()
    assert (execution.state, execution.count) == ("suppressed", 3)
    assert execution.reason == "Silenced by alice until 2026-01-05 13:00 UTC. Cluster maintenance."


@pytest.mark.parametrize(
    ("about", "silent"),
    [
        (lambda world, automation, run: {}, True),
        (lambda world, automation, run: {"project": world.project}, True),
        (lambda world, automation, run: {"project": create_project(world.team, "other")}, False),
        (lambda world, automation, run: {"automation": automation}, True),
        (lambda world, automation, run: {"automation": world.automation(FAILED, name="other", enabled=False)}, False),
        (lambda world, automation, run: {"run": run}, True),
        (lambda world, automation, run: {"run": world.run("other")}, False),
        (lambda world, automation, run: {"tag": "nightly"}, True),
        (lambda world, automation, run: {"tag": "night"}, False),
        (lambda world, automation, run: {"tag": "nightly", "run": world.run("other")}, False),
    ],
)
def test_it_is_about_what_it_names(world: World, about: Any, silent: bool) -> None:
    automation, run = world.automation(FAILED), world.run("one", tags=["nightly"])
    silence(world, **about(world, automation, run))
    finish_run(run, 1)
    work()
    assert [row.state for row in Execution.objects.all()] == ["suppressed" if silent else "delivered"]


def test_before_and_after_it_automations_tell(world: World, clock: time_machine.Coordinates) -> None:
    silence(world, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    world.automation(FAILED)
    for name, moment in (("before", NOON), ("within", NOON + HOUR), ("after", NOON + 2 * HOUR)):
        clock.move_to(moment)
        finish_run(world.run(name), 1)
        work()
    assert [(name, state) for name, state, _count in states()] == [
        ("before", "delivered"), ("within", "suppressed"), ("after", "delivered"),
    ]  # fmt: skip


def test_what_still_holds_at_its_end_is_told_once(
    world: World, clock: time_machine.Coordinates, receiver: HTTPServer
) -> None:
    silence(world)
    world.automation(FAILED)
    run, mended = world.run("broken"), world.run("mended")
    finish_run(run, 1)
    finish_run(mended, 1)
    work()
    world.run("mended")
    finish_run(mended, 0)
    work()
    clock.move_to(NOON + HOUR)
    for _again in range(3):
        settle()
    assert states() == [("broken", "delivered", 1), ("mended", "suppressed", 1)]
    assert len(receiver.log) == 1


@pytest.mark.parametrize("ends_early", [True, False])
@pytest.mark.parametrize(("losses", "told"), [([2.0, 2.0], True), ([2.0, 0.5], False), ([2.0, None], True)])
def test_a_metric_still_holds_by_its_last_value(
    world: World, clock: time_machine.Coordinates, losses: list[float | None], told: bool, ends_early: bool
) -> None:
    row = silence(world)
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    for position, loss in enumerate(losses):
        ingest_rows(run, position, [{"other": 1} if loss is None else {"loss": loss}])
        work()
    if ends_early:
        end_silence(row, by=world.users["alice"])
    else:
        clock.move_to(NOON + HOUR)
    settle()
    assert ("delivered" in [state for _label, state, _count in states()]) == told


def test_after_it_was_told_its_cooldown_begins(world: World, clock: time_machine.Coordinates) -> None:
    silence(world)
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    ingest_rows(run, 0, [{"loss": 2.0}])
    work()
    clock.move_to(NOON + HOUR)
    settle()
    ingest_rows(run, 1, [{"loss": 2.0}])
    evaluate()
    assert [state for _label, state, _count in states()] == ["delivered", "suppressed"]


def test_what_another_silence_holds_waits_for_its_end(world: World, clock: time_machine.Coordinates) -> None:
    silence(world, ends_at=NOON + HOUR)
    world.automation(FAILED)
    finish_run(world.run("broken"), 1)
    work()
    silence(world, ends_at=NOON + 3 * HOUR)
    clock.move_to(NOON + HOUR)
    settle()
    assert [state for _label, state, _count in states()] == ["suppressed"]
    clock.move_to(NOON + 3 * HOUR)
    settle()
    assert [state for _label, state, _count in states()] == ["delivered"]


def test_a_weekly_one_is_settled_each_week(world: World, clock: time_machine.Coordinates) -> None:
    row = silence(world, weekdays=[0], from_time="12:00", minutes=60)
    world.automation(FAILED)
    for week in range(2):
        clock.move_to(NOON + timedelta(days=7 * week))
        finish_run(world.run(f"run{week}"), 1)
        work()
        clock.shift(HOUR)
        settle()
    assert [state for _label, state, _count in states()] == ["delivered", "delivered"]
    row.refresh_from_db()
    assert row.settles_at == NOON + timedelta(days=14) + HOUR


def test_an_alert_that_was_silenced_is_not_told_later(world: World, clock: time_machine.Coordinates) -> None:
    silence(world)
    world.automation(event="RUN_ALERT")
    alert_run(world.run(), title="Loss is high", text="3.2", level="WARN")
    work()
    clock.move_to(NOON + HOUR)
    settle()
    assert [state for _label, state, _count in states()] == ["suppressed"]


def test_what_is_off_by_then_is_not_told(world: World, clock: time_machine.Coordinates) -> None:
    silence(world)
    automation = world.automation(FAILED)
    finish_run(world.run(), 1)
    work()
    Automation.objects.filter(pk=automation.pk).update(enabled=False)
    clock.move_to(NOON + HOUR)
    settle()
    assert [state for _label, state, _count in states()] == ["suppressed"]


def test_a_recovery_is_told_also_in_a_silence(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", notify_on_recovery=True)
    run = world.run()
    ingest_rows(run, 0, [{"loss": 2.0}])
    work()
    silence(world)
    ingest_rows(run, 1, [{"loss": 0.5}])
    work()
    rows = Execution.objects.order_by("id")
    assert [(row.state, row.recovered) for row in rows] == [("delivered", False), ("delivered", True)]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": NOON}, "ends_at"),
        ({"ends_at": NOON + timedelta(days=400)}, "ends_at"),
        ({"starts_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}, "ends_at"),
        ({"zone": "Mars/Phobos"}, "zone"),
        ({"weekdays": [7], "from_time": "22:00", "minutes": 60}, "weekdays"),
        ({"weekdays": [1], "from_time": "24:00", "minutes": 60}, "from_time"),
        ({"weekdays": [1], "from_time": "22:00", "minutes": 0}, "minutes"),
        ({"weekdays": [1], "from_time": "22:00", "minutes": 99999}, "minutes"),
        ({"weekdays": [1], "from_time": "22:00", "minutes": 60, "ends_at": NOON + HOUR}, "ends_at"),
    ],
)
def test_one_that_makes_no_sense_is_refused(world: World, draft: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        silence(world, **draft)
    assert list(refused.value.message_dict) == [field]
    assert not Silence.objects.exists()


def test_it_is_audited(world: World) -> None:
    row = silence(world, tag="nightly")
    end_silence(row, by=world.users["alice"])
    end_silence(row, by=world.users["alice"])
    verbs = list(AuditEvent.objects.filter(verb__startswith="silence").values_list("verb", flat=True))
    assert verbs == ["silence.create", "silence.end"]


def test_rest_makes_lists_and_ends_them(world: World, api: APIClient) -> None:
    automation, run = world.automation(FAILED), world.run("one")
    later = (NOON + HOUR).isoformat()
    sent = {"project": "mnist", "run": "one", "automation": automation.pk, "ends_at": later, "note": "Known."}
    made = api.post(SILENCES, sent, format="json")
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["project"], said["run"], said["automation"]) == ("mnist", "one", automation.pk)
    assert (said["about"], said["holds_now"]) == (f"the automation “automation”, the run {run}", True)
    assert [one["id"] for one in api.get(SILENCES).json()["results"]] == [said["id"]]
    assert api.get(f"{SILENCES}/{said['id']}").json() == said
    assert api.delete(f"{SILENCES}/{said['id']}").status_code == 204
    assert api.get(SILENCES).json()["results"] == []
    weekly = {"weekdays": [5, 6], "from_time": "00:00", "minutes": 1440, "zone": "Europe/Berlin"}
    made = api.post(SILENCES, weekly, format="json")
    assert made.json()["when"] == "Saturday, Sunday from 00:00 for 24 h (Europe/Berlin)"


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [
        ({}, 400, "ends_at"),
        ({"run": "one", "ends_at": "2026-01-06T00:00:00Z"}, 400, "project"),
        ({"project": "none", "ends_at": "2026-01-06T00:00:00Z"}, 404, "none"),
        ({"automation": 0, "ends_at": "2026-01-06T00:00:00Z"}, 404, "automation 0"),
        ({"until": "2026-01-06T00:00:00Z"}, 400, "until"),
    ],
)
def test_rest_says_what_is_wrong(world: World, api: APIClient, sent: dict[str, Any], status: int, word: str) -> None:
    refused = api.post(SILENCES, sent, format="json")
    assert (refused.status_code, word in refused.content.decode()) == (status, True)
    assert not Silence.objects.exists()
