"""ntfy: topic, priority, tags and click, with a token of the vault; published to a double on loopback."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Automation, Execution, ExecutionState
from automations.tasks import work
from integrations.models import Integration
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World

TOPICS = "/api/v1/teams/acme/integrations/ntfy"


def make(api: APIClient, ntfy: HTTPServer, **values: Any) -> Any:
    sent = {"name": "night shift", "server": ntfy.url_for("/"), "topic": "night", **values}
    return api.post(TOPICS, sent, format="json")


def tell(world: World, **values: Any) -> None:
    action = {"type": "notify_ntfy", "integration": "night shift", "priority": "high", "tags": "warning,skull"}
    world.automation(FAILED, name="tell", action={**action, **values})


@pytest.fixture
def server(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/").respond_with_json({"id": "1", "event": "message"})
    return httpserver


def test_a_failed_run_is_published_with_all_that_was_said(api: APIClient, server: HTTPServer, world: World) -> None:
    world.secret("NTFY_TOKEN", "tk_canary")
    assert make(api, server, token="NTFY_TOKEN").status_code == 201
    tell(world, title="${run_name} ${run_status}", click="https://wiki.test/on-call")
    finish_run(world.run("run1"), 1)
    work()
    ((request, _answer),) = server.log
    assert request.headers["Authorization"] == "Bearer tk_canary"
    said = request.json
    assert (said["topic"], said["priority"], said["tags"]) == ("night", 4, ["warning", "skull"])
    assert (said["title"], said["click"]) == ("run1 failed", "https://wiki.test/on-call")
    assert "run1" in said["message"]
    attempt = Execution.objects.get().attempts.get()
    assert "canary" not in str(attempt.request)
    assert Execution.objects.get().state == ExecutionState.DELIVERED


def test_what_is_busy_is_asked_again_and_what_refuses_is_not(
    api: APIClient, httpserver: HTTPServer, world: World
) -> None:
    httpserver.expect_request("/").respond_with_json({}, status=429)
    make(api, httpserver)
    tell(world)
    finish_run(world.run("run1"), 1)
    work()
    assert Execution.objects.get().state == ExecutionState.PENDING
    httpserver.clear()
    httpserver.expect_request("/").respond_with_json({}, status=403)
    finish_run(world.run("run2"), 1)
    work()
    assert Execution.objects.latest("pk").state == ExecutionState.FAILED


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"server": "http://169.254.169.254/"}, "server"),
        ({"topic": "a/b"}, "topic"),
        ({"token": "NO"}, "token"),
        ({"name": "a/b"}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    api: APIClient, server: HTTPServer, values: dict[str, str], field: str
) -> None:
    answer = make(api, server, **values)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    assert Integration.objects.count() == 0


def test_a_token_that_is_in_use_is_told_before_it_goes(api: APIClient, server: HTTPServer, world: World) -> None:
    world.secret("NTFY_TOKEN", "tk_1")
    make(api, server, token="NTFY_TOKEN")
    tell(world)
    refused = api.delete("/api/v1/teams/acme/secrets/NTFY_TOKEN")
    assert refused.status_code == 409
    assert "Integrations use the secret NTFY_TOKEN: night shift." in refused.json()["detail"]
    assert api.delete("/api/v1/teams/acme/secrets/NTFY_TOKEN?confirm=true").status_code == 204
    assert Automation.objects.get().problem.startswith("The secret NTFY_TOKEN of its ntfy topic night shift")
