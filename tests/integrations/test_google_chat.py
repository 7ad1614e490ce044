"""Google Chat: cards to a double on loopback, a thread for each automation and run, an address nobody is shown."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Execution, ExecutionState
from automations.tasks import work
from integrations.models import Integration
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from tests.world import FAILED, World

SPACES = "/api/v1/teams/acme/integrations/google_chat"
SECRETS = ("canary-key", "canary-token")
PATH = "/v1/spaces/AAAA/messages"


def make(api: APIClient, chat: HTTPServer, **values: Any) -> Any:
    url = chat.url_for(f"{PATH}?key={SECRETS[0]}&token={SECRETS[1]}")
    return api.post(SPACES, {"name": "vision team", "webhook_url": url, **values}, format="json")


def tell(world: World) -> None:
    world.automation(FAILED, name="tell", action={"type": "notify_google_chat", "integration": "vision team"})


@pytest.fixture
def chat(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request(PATH).respond_with_json({"name": "spaces/AAAA/messages/1", "echo": SECRETS[1]})
    return httpserver


def test_a_failed_run_is_told_in_a_card_in_a_thread_of_its_own(api: APIClient, chat: HTTPServer, world: World) -> None:
    assert make(api, chat).status_code == 201
    tell(world)
    for name in ("run1", "run2"):
        finish_run(world.run(name), 1)
    work()
    (first, second) = [json.loads(request.data) for request, _answer in chat.log] + [None] * (2 - len(chat.log))
    assert Execution.objects.filter(state=ExecutionState.FAILED).count() == 0
    card = first["cardsV2"][0]["card"]
    assert card["header"]["title"] == "tell"
    assert "run1" in json.dumps(card) or "run2" in json.dumps(card)
    asked = chat.log[0][0].args
    assert asked["messageReplyOption"] == "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    assert (asked["key"], asked["token"]) == SECRETS
    assert second is None or second["thread"]["threadKey"] != first["thread"]["threadKey"]


def test_no_answer_page_dump_or_audit_row_holds_the_address(api: APIClient, chat: HTTPServer) -> None:
    made = make(api, chat)
    tested = api.post(f"{SPACES}/vision team/test", {}, format="json")
    assert (tested.json()["ok"], tested.json()["detail"]) == (True, "Google Chat took the message.")
    dumped = io.StringIO()
    call_command("dumpdata", stdout=dumped)
    told = str(list(AuditEvent.objects.values()))
    everything = dumped.getvalue() + told + made.content.decode() + tested.content.decode()
    assert [secret for secret in SECRETS if secret in everything] == []
    listed = api.get(SPACES)
    assert "webhook_url" not in listed.json()["results"][0]


def test_a_change_keeps_the_address_that_is_left_out(api: APIClient, chat: HTTPServer) -> None:
    make(api, chat)
    assert api.patch(f"{SPACES}/vision team", {"name": "team"}, format="json").json()["name"] == "team"
    assert api.post(f"{SPACES}/team/test", {}, format="json").json()["ok"]


@pytest.mark.parametrize(
    ("status", "said", "enabled"),
    [(404, "The space or its webhook is gone.", False), (403, "copy the webhook's URL again", True)],
)
def test_a_refusal_is_for_good_and_a_space_that_is_gone_is_disabled(
    api: APIClient, httpserver: HTTPServer, world: World, status: int, said: str, enabled: bool
) -> None:
    httpserver.expect_request(PATH).respond_with_json({}, status=status)
    make(api, httpserver)
    tell(world)
    finish_run(world.run("run1"), 1)
    work()
    execution = Execution.objects.get()
    assert (execution.state, said in execution.reason) == (ExecutionState.FAILED, True)
    assert Integration.objects.get().enabled is enabled


@pytest.mark.parametrize("url", ["http://169.254.169.254/?key=canary", "ftp://chat.test/canary", ""])
def test_an_address_that_cannot_be_called_is_refused_and_not_said_back(api: APIClient, db: None, url: str) -> None:
    answer = api.post(SPACES, {"name": "x", "webhook_url": url}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "webhook_url"
    assert "canary" not in answer.content.decode()
    assert Integration.objects.count() == 0
