"""Late values, as `wandb sync` brings them: stored, shown, and acted on only where the project says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Execution, ExecutionState
from automations.tasks import work
from projects.history.reading import rows_of
from projects.models import HistoryChunk, Project, Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from tests.conftest import as_person
from tests.world import FAILED, World, threshold

REASON = "Late: its values came more than 24 hours after they were logged, and the project acts on none such."
PROJECT = "/api/v1/projects/acme/mnist"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def logged(hours_ago: float, *losses: float) -> list[dict[str, Any]]:
    begun = (timezone.now() - timedelta(hours=hours_ago)).timestamp()
    return [{"_step": step, "_timestamp": begun + step, "loss": loss} for step, loss in enumerate(losses)]


def reasons() -> list[tuple[str, str, int]]:
    return list(Execution.objects.order_by("id").values_list("state", "reason", "count"))


def test_late_values_are_stored_and_the_suppressed_execution_says_why(world: World, receiver: HTTPServer) -> None:
    world.automation(threshold(), event="RUN_METRIC", cooldown_seconds=0)
    run = world.run()
    for start in (0, 2, 4):
        ingest_rows(run, start, [{**row, "_step": row["_step"] + start} for row in logged(30, 0.5, 3.0)])
        work()
    assert reasons() == [(ExecutionState.SUPPRESSED, REASON, 3)]
    assert Execution.objects.get().why == "3 > 1"
    assert receiver.log == []
    assert [row["loss"] for row in rows_of(run)] == [0.5, 3.0] * 3


def test_what_comes_in_time_fires_beside_what_came_late(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    fresh = [{**row, "_step": row["_step"] + 2} for row in logged(1, 4.0, 5.0)]
    ingest_rows(run, 0, [*logged(30, 2.0, 3.0), *fresh])
    work()
    assert HistoryChunk.objects.count() == 2
    assert [(state, why) for state, why in Execution.objects.order_by("why").values_list("state", "why")] == [
        (ExecutionState.SUPPRESSED, "2 > 1"), (ExecutionState.DELIVERED, "4 > 1"),
    ]  # fmt: skip


def test_windows_hold_late_values(world: World) -> None:
    world.automation(threshold(aggregation="average", window=3), event="RUN_METRIC")
    run = world.run()
    ingest_rows(run, 0, logged(30, 0.5, 0.5))
    ingest_rows(run, 2, [{"_step": 2, "_timestamp": timezone.now().timestamp(), "loss": 5.0}])
    work()
    assert [execution.why for execution in Execution.objects.all()] == ["2 > 1"]


@pytest.mark.parametrize(
    ("hours_ago", "setting"),
    [(23, {}), (30, {"late_after_hours": 48}), (30, {"acts_on_late_values": True})],
    ids=["in time", "later is late", "late is acted on"],
)
def test_the_project_says_what_is_late_and_whether_it_matters(
    world: World, hours_ago: float, setting: dict[str, Any]
) -> None:
    Project.objects.filter(pk=world.project.pk).update(**setting)
    world.automation(threshold(), event="RUN_METRIC")
    ingest_rows(world.run(), 0, logged(hours_ago, 3.0))
    work()
    assert reasons() == [(ExecutionState.DELIVERED, "The receiver answered 200.", 1)]


def test_values_without_a_time_are_never_late(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC")
    ingest_rows(world.run(), 0, [{"_step": 0, "loss": 3.0}])
    work()
    assert reasons() == [(ExecutionState.DELIVERED, "The receiver answered 200.", 1)]


def test_the_end_of_a_run_that_came_late_is_quiet(world: World) -> None:
    world.automation(FAILED)
    run = world.run()
    ingest_rows(run, 0, logged(30, 1.0))
    finish_run(run, 1)
    work()
    assert reasons() == [(ExecutionState.SUPPRESSED, REASON, 1)]


def test_a_run_that_ends_long_after_its_last_value_fires(world: World) -> None:
    world.automation(FAILED)
    with time_machine.travel(NOON, tick=False):
        run = world.run()
        ingest_rows(run, 0, logged(0, 1.0))
    with time_machine.travel(NOON + timedelta(hours=30), tick=False):
        finish_run(run, 1)
        work()
    assert reasons() == [(ExecutionState.DELIVERED, "The receiver answered 200.", 1)]


def test_a_backtest_suppresses_what_came_late_too(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    ingest_rows(world.run(), 0, logged(30, 3.0))
    found = api.post(f"/api/v1/automations/{automation.pk}/backtest", {}, format="json").json()
    assert (found["fired"], found["suppressed"]) == (0, 1)


# The setting ---------------------------------------------------------------------------------------


def test_members_set_it_over_rest_and_the_audit_log_says_so(world: World) -> None:
    bob = as_person(world.keys["bob"])
    answer = bob.patch(PROJECT, {"late_after_hours": 48, "acts_on_late_values": True}, format="json")
    assert (answer.status_code, answer.json()["late_after_hours"]) == (200, 48)
    assert bob.get(PROJECT).json()["acts_on_late_values"] is True
    told = AuditEvent.objects.get(verb="project.change")
    assert (told.before, told.after) == (
        {"acts_on_late_values": False, "late_after_hours": 24}, {"acts_on_late_values": True, "late_after_hours": 48},
    )  # fmt: skip


@pytest.mark.parametrize("value", [0, 87_601, "soon", None])
def test_what_is_no_number_of_hours_is_refused(world: World, api: APIClient, value: object) -> None:
    answer = api.patch(PROJECT, {"late_after_hours": value}, format="json")
    assert (answer.status_code, list(answer.json()["errors"][0])[0]) == (400, "field")
    world.project.refresh_from_db()
    assert world.project.late_after_hours == 24


def test_its_page_changes_it_and_says_so(world: World, client: Client) -> None:
    client.force_login(world.users["bob"])
    assert "/acme/mnist/edit" in client.get("/acme/mnist").content.decode()
    sent = {"description": "digits", "late_after_hours": "6", "acts_on_late_values": "on"}
    answer = client.post("/acme/mnist/edit", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/acme/mnist")
    world.project.refresh_from_db()
    assert (world.project.description, world.project.late_after_hours) == ("digits", 6)
    assert world.project.acts_on_late_values


def test_its_page_refuses_what_is_no_number_of_hours(world: World, client: Client) -> None:
    client.force_login(world.users["bob"])
    assert client.post("/acme/mnist/edit", {"late_after_hours": "0"}).status_code == 422
    world.project.refresh_from_db()
    assert world.project.late_after_hours == 24


def test_a_run_keeps_its_place_among_late_ones(world: World) -> None:
    """Late rows that come after others are judged in the order in which they came."""
    world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    ingest_rows(run, 0, logged(0, 0.5))
    ingest_rows(run, 1, [{**row, "_step": 1} for row in logged(30, 0.6)])
    work()
    assert (Run.objects.get().rows_logged, reasons()) == (2, [])
