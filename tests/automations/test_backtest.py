"""A backtest before saving, and the explanation after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Automation, Execution
from automations.tasks import work
from projects.models import HistoryChunk, Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from projects.services import create_project
from tests.conftest import as_person
from tests.world import FAILED, World, threshold

BACKTEST = "/api/v1/automations/backtest"


def body(*conditions: dict[str, Any], event: str = "RUN_METRIC", **more: Any) -> dict[str, Any]:
    return {
        "name": "bell",
        "scope": {"type": "project", "name": "acme/mnist"},
        "event": event,
        "conditions": list(conditions),
        "action": {"type": "send_webhook", "webhook": "hook"},
        **more,
    }


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))


def log(world: World, name: str, losses: list[float]) -> None:
    ingest_rows(world.run(name), 0, [{"_step": step, "loss": loss} for step, loss in enumerate(losses)])


def test_a_backtest_says_when_which_run_and_which_value_before_anything_is_saved(
    world: World, api: APIClient, receiver: HTTPServer
) -> None:
    log(world, "quiet", [0.1, 0.2])
    log(world, "loud", [0.5, 3.0, 4.0])
    found = api.post(BACKTEST, body(threshold()), format="json").json()
    assert found["summary"] == "In the last 30 days this would have fired once."
    (firing,) = found["firings"]
    assert (firing["subject_label"], firing["value"], firing["step"], firing["why"]) == ("loud", 3.0, 1, "3 > 1")
    assert (found["judged"], found["subjects"]) == (2, 2)
    assert not Automation.objects.exists()
    assert not Execution.objects.exists()
    assert receiver.log == []


def test_a_backtest_has_the_cooldowns_that_the_automation_would(world: World, api: APIClient) -> None:
    run = world.run()
    for offset in range(3):
        ingest_rows(run, offset, [{"loss": 2.0}])
    resting = api.post(BACKTEST, body(threshold()), format="json").json()
    assert (resting["fired"], resting["suppressed"]) == (1, 2)
    restless = api.post(BACKTEST, body(threshold(), cooldown_seconds=0), format="json").json()
    assert (restless["fired"], restless["suppressed"]) == (3, 0)


def test_a_backtest_reads_stored_events_too(world: World, api: APIClient) -> None:
    finish_run(world.run("r1"), 1)
    finish_run(world.run("r2"), 0)
    found = api.post(BACKTEST, body(FAILED, event="RUN_STATE"), format="json").json()
    assert [firing["subject_label"] for firing in found["firings"]] == ["r1"]


def test_a_backtest_finds_what_live_judgement_found(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(aggregation="average", window=3), event="RUN_METRIC", cooldown_seconds=0)
    run = world.run()
    for offset in range(6):
        ingest_rows(run, 2 * offset, [{"loss": 0.4 * offset}, {"loss": 0.5 * offset}])
    work()
    live = [one["metric_value"] for one in Execution.objects.order_by("id").values_list("kept_variables", flat=True)]
    found = api.post(f"/api/v1/automations/{automation.pk}/backtest").json()
    assert [firing["value"] for firing in found["firings"]] == live
    assert len(live) > 1


def test_a_backtest_compares_with_runs_from_before_it_and_of_the_same_project(world: World, api: APIClient) -> None:
    score = {"type": "metric_zscore", "metric": "loss", "threshold": 2, "direction": "increase"}
    for name, loss in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        log(world, name, [loss])
    Run.objects.update(created_at=timezone.now() - timedelta(days=3))
    HistoryChunk.objects.update(created_at=timezone.now() - timedelta(days=3))
    elsewhere = start_run(create_project(world.team, "cifar"), "far", RunDetails(), user=None).run
    ingest_rows(elsewhere, 0, [{"loss": 900.0}])
    log(world, "mine", [3.9, 4.0])
    asked = {**body(score, event="RUN_METRIC_ZSCORE"), "scope": {"type": "team", "name": "acme"}}
    found = api.post(f"{BACKTEST}?days=1", asked, format="json").json()
    assert [(firing["subject_label"], firing["step"], firing["value"]) for firing in found["firings"]] == [
        ("mine", 1, 2.0)
    ]


def test_a_backtest_reaches_as_far_as_asked(world: World, api: APIClient) -> None:
    run = world.run()
    ingest_rows(run, 0, [{"loss": 2.0}])
    run.chunks.update(created_at=timezone.now() - timedelta(days=3))
    assert api.post(f"{BACKTEST}?days=2", body(threshold()), format="json").json()["fired"] == 0
    assert api.post(f"{BACKTEST}?days=4", body(threshold()), format="json").json()["fired"] == 1
    refused = api.post(f"{BACKTEST}?days=0", body(threshold()), format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "days"


def test_a_backtest_refuses_what_could_not_be_saved(api: APIClient) -> None:
    refused = api.post(BACKTEST, body(threshold(comparison="abowe")), format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "conditions.0.comparison"


def test_a_stranger_backtests_nothing(world: World) -> None:
    stranger = as_person(world.keys["charlie"])
    assert stranger.post(BACKTEST, body(threshold()), format="json").status_code == 404


def explained(api: APIClient, automation: Automation, run: str = "run1") -> dict[str, Any]:
    newest: dict[str, Any] = api.get(f"/api/v1/automations/{automation.pk}/explain?run={run}").json()[0]
    return newest


def test_an_explanation_says_that_it_fired(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    log(world, "run1", [2.0])
    work()
    found = explained(api, automation)
    assert found["outcome"] == "It fired: every condition held."
    assert found["execution_id"] == Execution.objects.get().pk


def test_an_explanation_names_the_condition_that_did_not_hold(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(), {"type": "run_name", "pattern": "^prod-"}, event="RUN_METRIC")
    log(world, "run1", [2.0])
    work()
    found = explained(api, automation)
    assert found["outcome"] == "It did not fire: the run's name 'run1' does not match ^prod-."
    assert [one["holds"] for one in found["conditions"]] == [True, False]


def test_an_explanation_says_that_a_cooldown_suppressed_it(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    run = world.run()
    for offset in range(2):
        ingest_rows(run, offset, [{"loss": 2.0}])
    work()
    assert explained(api, automation)["outcome"].startswith("It would have fired, but was suppressed. Cooldown")


def test_an_explanation_says_that_the_window_was_not_full(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(aggregation="average", window=5), event="RUN_METRIC")
    log(world, "run1", [2.0])
    work()
    outcome = "It did not fire: fewer than the 5 values the window needs are there."
    assert explained(api, automation)["outcome"] == outcome


def test_an_explanation_of_what_came_while_it_was_off_says_so(world: World, api: APIClient) -> None:
    automation = world.automation(FAILED, enabled=False)
    finish_run(world.run(), 1)
    work()
    found = explained(api, automation)
    assert found["outcome"].startswith(
        "It did not fire: when the event came, the automation was in its cooldown, off or"
    )
    assert [one["holds"] for one in found["conditions"]] == [True]


def test_a_question_that_names_nothing_is_refused(world: World, api: APIClient) -> None:
    automation = world.automation(threshold(), event="RUN_METRIC")
    refused = api.get(f"/api/v1/automations/{automation.pk}/explain")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "event"
