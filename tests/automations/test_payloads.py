"""Payloads before they are sent, variables, and loops that end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.definitions.sentence import warnings_of
from automations.messages import variables
from automations.models import Automation, Execution
from automations.tasks import work
from events import event_types
from events.models import Event
from projects.runs.lifecycle import finish_run
from tests.conftest import as_person
from tests.world import FAILED, World

PREVIEW = "/api/v1/teams/acme/integrations/webhook/hook/preview"
RUNS = "/api/v1/projects/acme/mnist/runs"


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.secret("TOKEN", "canary-51c0")
    world.webhook(receiver.url_for("/hook"), access_token="TOKEN")


def preview(api: APIClient, **sent: Any) -> Any:
    answer = api.post(PREVIEW, {"event": "RUN_STATE", **sent}, format="json")
    assert answer.status_code == 200, answer.json()
    return json.loads(answer.json()["body"])


def test_a_preview_shows_the_samples_and_masks_secrets(api: APIClient, receiver: HTTPServer) -> None:
    found = preview(api, payload='{"run": "${run_name}", "status": "${run_status}", "t": "${ACCESS_TOKEN}"}')
    assert found == {"run": "prod-baseline", "status": "failed", "t": "********"}
    assert receiver.log == []


def test_a_preview_of_a_past_event_is_what_would_have_been_sent(
    world: World, api: APIClient, receiver: HTTPServer
) -> None:
    payload = '{"run": "${run_name}", "status": "${run_status}", "who": "${event_author}", "alias": "${alias}"}'
    world.automation(FAILED, action={"payload": payload})
    finish_run(world.run("r7"), 1)
    work()
    event = Execution.objects.get().event
    assert event is not None
    assert preview(api, payload=payload, event_id=event.pk) == json.loads(receiver.log[0][0].data)


def test_a_preview_of_an_event_of_others_is_refused(world: World, api: APIClient) -> None:
    event = Event.objects.create(kind="run.state", team=world.other_team, stream="run:1")
    refused = api.post(PREVIEW, {"event": "RUN_STATE", "event_id": event.pk}, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "event_id"


@pytest.mark.parametrize("event", [event.key for event in event_types.registry])
def test_every_event_lists_its_variables_with_meaning_and_sample(api: APIClient, world: World, event: str) -> None:
    kind = event_types.registry.get(event)
    listed = api.get(f"/api/v1/events/{kind.wire}/variables").json()
    assert listed["event"] == kind.wire
    assert all(one["name"] and one["meaning"] for one in listed["variables"])
    named = {one["name"] for one in listed["variables"]}
    assert {"automation_name", "event_type", "event_author", "entity_name", "project_name"} <= named


@pytest.mark.parametrize("event", [event.key for event in event_types.registry])
def test_the_default_payload_can_be_previewed_for_every_event(api: APIClient, event: str) -> None:
    wire = event_types.registry.get(event).wire
    told = event_types.registry.get(event).payload_name or wire
    assert preview(api, event=wire)["event"] == told


def test_every_documented_variable_is_known_for_every_event() -> None:
    documented = {
        "project_name", "entity_name", "event_type", "event_author", "alias", "tag", "artifact_collection_name",
        "artifact_version", "artifact_version_string", "artifact_version_index", "automation_name", "run_name",
        "metric_name", "metric_values", "metric_filter", "metric_filter_short", "metric_current_status", "run_status",
    }  # fmt: skip
    assert documented <= set(variables.known())


def fail_because_of(api: APIClient, run: str, delivery_id: str) -> None:
    headers = {"HTTP_WEBHOOK_ID": delivery_id}
    api.post(RUNS, {"name": run}, format="json", **headers)
    api.post(f"{RUNS}/{run}/finish", {"exit_code": 1}, format="json", **headers)
    work()


def test_a_loop_through_our_own_deliveries_stops_and_the_automation_says_so(world: World) -> None:
    world.automation(FAILED, rate_limit=0)
    api, delivery_id = as_person(world.keys["alice"]), ""
    for number in range(10):
        fail_because_of(api, f"run{number}", delivery_id)
        newest = Execution.objects.order_by("-id").first()
        assert newest is not None
        delivery_id = newest.delivery_id
    # One by a person, and one for each of five deliveries: what came after was kept and not judged.
    assert Execution.objects.count() == 6
    assert Event.objects.filter(depth=6, problem__startswith="Not judged").exists()
    assert Automation.objects.get().problem.startswith("A loop was stopped")


def test_an_unknown_delivery_id_changes_nothing(world: World) -> None:
    world.automation(FAILED)
    fail_because_of(as_person(world.keys["alice"]), "run", "msg_unknown")
    assert Event.objects.filter(depth=0).count() == Event.objects.count()
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("payload", "bare"),
    [
        ('{"a": "$KEY", "b": "$run_name", "c": "$5", "d": "$unknown"}', ["KEY", "run_name"]),
        ('{"a": "${KEY}", "b": "$$100"}', []),
    ],
)
def test_a_name_without_braces_is_hinted_at(world: World, payload: str, bare: list[str]) -> None:
    world.secret("KEY", "s3cr3t-s3cr3t")
    world.webhook("http://127.0.0.1:8009/", name="second", granted_secrets=["KEY"])
    automation = world.automation(FAILED, action={"webhook": "second", "payload": payload})
    warned = warnings_of(automation)
    assert [text.split()[0] for text in warned] == [f"${name}" for name in bare]
