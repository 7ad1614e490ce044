"""The use cases of W&B's overview, from a request at one door to a request at the receiver."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Attempt, Execution
from automations.tasks import work
from tests.world import FAILED, World, threshold

RUNS = "/api/v1/projects/acme/mnist/runs"


@pytest.fixture
def hook(world: World, receiver: HTTPServer, django_capture_on_commit_callbacks: Any) -> None:
    world.webhook(receiver.url_for("/hook"))


def arrived(receiver: HTTPServer) -> list[dict[str, Any]]:
    return [json.loads(request.data) for request, _answer in receiver.log]


def automate(api: APIClient, *conditions: dict[str, Any], event: str, name: str = "bell", **more: Any) -> int:
    body = {
        "name": name,
        "scope": {"type": "project", "name": "acme/mnist"},
        "event": event,
        "conditions": list(conditions),
        "action": {"type": "send_webhook", "webhook": "hook"},
        **more,
    }
    answer = api.post("/api/v1/automations", body, format="json")
    assert answer.status_code == 201, answer.json()
    return int(answer.json()["id"])


def log(api: APIClient, run: str, losses: list[float], offset: int = 0) -> None:
    rows = [{"_step": offset + step, "loss": loss} for step, loss in enumerate(losses)]
    answer = api.post(
        f"{RUNS}/{run}/history", json.dumps({"offset": offset, "rows": rows}), content_type="application/json"
    )
    assert answer.status_code == 200, answer.json()


def test_a_failed_run_calls_the_webhook(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, FAILED, event="RUN_STATE")
    api.post(RUNS, {"name": "r1", "display_name": "prod-1"}, format="json")
    api.post(f"{RUNS}/r1/finish", {"exit_code": 1}, format="json")
    work()
    (body,) = arrived(receiver)
    assert (body["event"], body["run"], body["status"], body["project"]) == (
        "RUN_STATE",
        "prod-1",
        "failed",
        "acme/mnist",
    )
    assert Execution.objects.get().state == "delivered"


def test_a_finished_run_stays_quiet_when_only_failures_count(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, FAILED, event="RUN_STATE")
    api.post(RUNS, {"name": "r1"}, format="json")
    api.post(f"{RUNS}/r1/finish", {"exit_code": 0}, format="json")
    work()
    assert arrived(receiver) == []


def test_a_metric_over_a_line_calls_the_webhook(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, threshold(aggregation="average", window=2, threshold=1.0), event="RUN_METRIC")
    api.post(RUNS, {"name": "r1"}, format="json")
    log(api, "r1", [0.5, 0.9])
    log(api, "r1", [1.0], offset=2)
    work()
    assert arrived(receiver) == []
    log(api, "r1", [1.2], offset=3)
    work()
    (body,) = arrived(receiver)
    assert body["value"] == pytest.approx(1.1)
    assert body["condition"] == "average of the last 2 loss rises above 1"


def test_a_loss_that_is_nan_calls_the_webhook_in_strict_json(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, threshold(comparison="not_finite", threshold=None), event="RUN_METRIC")
    api.post(RUNS, {"name": "r1"}, format="json")
    log(api, "r1", [0.5, float("nan")])
    work()
    (body,) = arrived(receiver)
    assert body["value"] is None
    assert body["condition"] == "latest loss is NaN or infinite"


def test_a_run_name_filter_keeps_other_runs_quiet(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, FAILED, {"type": "run_name", "pattern": "^prod-"}, event="RUN_STATE")
    for name in ("prod-1", "test-1"):
        api.post(RUNS, {"name": name}, format="json")
        api.post(f"{RUNS}/{name}/finish", {"exit_code": 1}, format="json")
    work()
    assert [body["run"] for body in arrived(receiver)] == ["prod-1"]


def test_a_run_has_a_cooldown_of_a_day_and_what_is_suppressed_is_counted(
    api: APIClient, hook: None, receiver: HTTPServer
) -> None:
    automate(api, threshold(), event="RUN_METRIC")
    api.post(RUNS, {"name": "r1"}, format="json")
    for offset in range(4):
        log(api, "r1", [2.0], offset=offset)
        work()
    assert len(arrived(receiver)) == 1
    suppressed = Execution.objects.get(state="suppressed")
    assert suppressed.count == 3
    assert suppressed.reason.startswith("Cooldown")


def test_the_cooldown_of_one_run_suppresses_no_other(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, threshold(), event="RUN_METRIC")
    for name in ("r1", "r2"):
        api.post(RUNS, {"name": name}, format="json")
        log(api, name, [2.0])
    work()
    assert sorted(body["run"] for body in arrived(receiver)) == ["r1", "r2"]


def test_two_automations_on_one_event_each_fire(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, FAILED, event="RUN_STATE", name="first")
    automate(api, FAILED, event="RUN_STATE", name="second")
    api.post(RUNS, {"name": "r1"}, format="json")
    api.post(f"{RUNS}/r1/finish", {"exit_code": 1}, format="json")
    work()
    assert sorted(body["automation"] for body in arrived(receiver)) == ["first", "second"]


def test_the_same_batch_twice_fires_once(api: APIClient, hook: None, receiver: HTTPServer) -> None:
    automate(api, threshold(), event="RUN_METRIC", cooldown_seconds=0)
    api.post(RUNS, {"name": "r1"}, format="json")
    log(api, "r1", [2.0])
    log(api, "r1", [2.0])
    work()
    assert len(arrived(receiver)) == 1
    assert Attempt.objects.count() == 1
