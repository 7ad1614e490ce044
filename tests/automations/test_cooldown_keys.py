"""What a cooldown belongs to: a run and its state, a group, a project or a value of the config."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.insight.backtest import backtest
from automations.models import Execution
from automations.tasks import work
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World, threshold

EVERY_STATE = {"type": "run_state", "states": ["running", "finished", "failed"]}
BY_LR = "config.optimizer.lr"


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def told_states() -> list[tuple[str, str]]:
    rows = Execution.objects.exclude(state="suppressed").order_by("id")
    return [(row.variables["run_name"], row.variables["run_status"]) for row in rows]


def fail(world: World, name: str, **columns: Any) -> None:
    finish_run(world.run(name, **columns), 1)


def test_each_state_of_a_run_is_told(world: World) -> None:
    world.automation(EVERY_STATE)
    fail(world, "one")
    work()
    assert told_states() == [("one", "running"), ("one", "failed")]


def test_the_same_state_is_told_once_and_the_reason_names_it(world: World) -> None:
    world.automation(EVERY_STATE)
    run = world.run("one")
    for _again in range(2):
        finish_run(run, 1)
        run.state = "running"
        run.save()
    work()
    assert told_states() == [("one", "running"), ("one", "failed")]
    reason = Execution.objects.get(state="suppressed").reason
    assert reason.startswith("Cooldown: it fired for this run in state failed already, and is quiet about it until")


@pytest.mark.parametrize(
    ("per", "runs", "expected", "words"),
    [
        ("group", [{"group": "a"}, {"group": "a"}, {"group": "b"}], ["0", "2"], "the group 'a'"),
        ("group", [{}, {}, {"group": "b"}], ["0", "1", "2"], ""),
        ("project", [{}, {"group": "a"}, {}], ["0"], "the project mnist"),
        (
            BY_LR,
            [{"config": {"optimizer": {"lr": 0.1}}}, {"config": {"optimizer.lr": 0.1}}, {"config": {}}, {"config": {}}],
            ["0", "2", "3"],
            "runs with optimizer.lr = 0.1",
        ),
        (BY_LR, [{"config": {"optimizer": {"lr": one}}} for one in ("é" * 300, "é" * 300, ["é"])], ["0", "2"], ""),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_it_is_kept_for_what_was_chosen(
    world: World, per: str, runs: list[dict[str, Any]], expected: list[str], words: str, at_once: bool
) -> None:
    automation = world.automation(FAILED, cooldown_per=per)
    for number, columns in enumerate(runs):
        fail(world, str(number), **columns)
        if not at_once:
            work()
    work()
    assert [name for name, _state in told_states()] == expected
    if words:
        assert words in Execution.objects.filter(state="suppressed").earliest("id").reason
    day = timedelta(days=1)
    found = backtest(automation, timezone.now() - day, timezone.now() + day)
    assert [one.subject_label for one in found.firings] == expected


def test_who_was_told_of_recovers_alone(world: World) -> None:
    world.automation(threshold(), event="RUN_METRIC", cooldown_per="project", notify_on_recovery=True)
    first, second = world.run("first"), world.run("second")
    for run, losses in ((first, [2.0]), (second, [2.0, 0.5]), (first, [0.5, 2.0])):
        ingest_rows(run, run.chunks.count(), [{"loss": loss} for loss in losses])
        work()
    rows = Execution.objects.exclude(state="suppressed").order_by("id")
    assert [(row.variables["run_name"], row.recovered) for row in rows] == [("first", False), ("first", True)]


@pytest.mark.parametrize("wrong", ["", "runs", "config", "config.", "config. ", "config." + "x" * 201])
def test_what_it_cannot_be_kept_for_is_refused(world: World, wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        world.automation(FAILED, cooldown_per=wrong)
    assert "run, group, project, config.KEY" in str(refused.value.message_dict["cooldown_per"])


def test_rest_takes_and_gives_it(world: World, api: APIClient) -> None:
    automation = world.automation(FAILED, cooldown_per=BY_LR)
    address = f"/api/v1/automations/{automation.pk}"
    assert api.get(address).json()["cooldown_per"] == BY_LR
    assert api.patch(address, {"cooldown_per": "group"}, format="json").json()["cooldown_per"] == "group"
