"""`${run_log_tail}` and the option of messages: the end of a log, bounded, without colours and without a secret."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.actions import action as actions
from automations.messages.context import MessageContext
from automations.models import Execution
from automations.tasks import work
from integrations.models import Integration
from integrations.receivers import StoredReceiver
from outbound.provider import receivers_of
from projects.history.console_output import store_output
from projects.models import Run
from projects.runs.lifecycle import finish_run
from secrets_vault.models import Secret
from tests.world import FAILED, World

SECRET = "canary-51c0-long"
PAYLOAD = '{"log": "${run_log_tail}"}'


@pytest.fixture(autouse=True)
def hook(world: World, receiver: HTTPServer) -> None:
    world.secret("TOKEN", SECRET)
    world.webhook(receiver.url_for("/hook"))


def failed(world: World, *lines: str, name: str = "run1") -> Run:
    run = world.run(name)
    store_output(run, 0, lines)
    finish_run(run, 1)
    work()
    return run


def sent(receiver: HTTPServer) -> Any:
    return json.loads(receiver.log[0][0].data)["log"]


def test_a_payload_says_what_the_run_printed_last(world: World, receiver: HTTPServer) -> None:
    world.automation(FAILED, action={"payload": PAYLOAD})
    failed(world, *(f"2026-11-30T09:00:00.000001 \x1b[31mstep\x1b[0m {n}" for n in range(30)))
    assert sent(receiver).split("\n") == [f"step {n}" for n in range(10, 30)]


def test_it_has_at_most_2000_characters_the_last_ones(world: World, receiver: HTTPServer) -> None:
    world.automation(FAILED, action={"payload": PAYLOAD})
    failed(world, "x" * 3000, "the end")
    assert len(sent(receiver)) == 2000
    assert sent(receiver).startswith("…xxx")
    assert sent(receiver).endswith("x\nthe end")


def test_secrets_of_the_team_are_masked_in_it_in_any_encoding(world: World, receiver: HTTPServer) -> None:
    world.automation(FAILED, action={"payload": PAYLOAD})
    failed(world, f"token={SECRET}", base64.b64encode(f"Bearer {SECRET}".encode()).decode(), "loss 1")
    assert SECRET not in sent(receiver)
    assert sent(receiver).startswith("token=********")
    assert sent(receiver).endswith("loss 1")
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in sent(receiver)
    assert SECRET not in json.dumps(Execution.objects.get().variables)
    assert Secret.objects.get().last_used_at is None


def test_where_a_secret_is_too_short_to_be_found_nothing_is_said_of_it(world: World, receiver: HTTPServer) -> None:
    world.secret("PIN", "4711")
    world.automation(FAILED, action={"payload": PAYLOAD})
    failed(world, "pin 4711")
    assert sent(receiver).startswith("(not kept:")


def test_a_run_that_printed_nothing_says_nothing(world: World, receiver: HTTPServer) -> None:
    world.automation(FAILED, action={"payload": PAYLOAD})
    failed(world)
    assert sent(receiver) == ""


def test_nobody_reads_the_log_where_no_action_asks_for_it(world: World) -> None:
    world.automation(FAILED)
    run = world.run()
    store_output(run, 0, ["hush"])
    finish_run(run, 1)
    with CaptureQueriesContext(connection) as seen:
        work()
    assert not [query for query in seen if "projects_outputchunk" in query["sql"]]
    assert Execution.objects.get().variables["run_log_tail"] is None


def test_a_preview_of_a_past_event_shows_it_masked(world: World, api: APIClient) -> None:
    world.automation(FAILED)
    failed(world, f"token={SECRET}")
    event = Execution.objects.get().event
    assert event is not None
    asked = {"event": "RUN_STATE", "payload": PAYLOAD, "event_id": event.pk}
    answer = api.post("/api/v1/teams/acme/integrations/webhook/hook/preview", asked, format="json").json()
    assert json.loads(answer["body"]) == {"log": "token=********"}
    samples = {"event": "RUN_STATE", "payload": PAYLOAD}
    answer = api.post("/api/v1/teams/acme/integrations/webhook/hook/preview", samples, format="json").json()
    assert "ValueError: the loss is NaN" in json.loads(answer["body"])["log"]


CHAT = {"name": "space", "kind": "google_chat"}
PARAMS: dict[str, dict[str, Any]] = {
    "notify_google_chat": {"integration": 1, "title": "", "text": ""},
    "notify_slack": {"channel": 1, "title": "", "text": "", "severity": "INFO"},
    "send_email": {"to": [], "subject": "", "text": "", "team": 1},
}


def rendered(action: str, receiver: Any, **params: Any) -> str:
    context = MessageContext({"automation_name": "bell", "run_log_tail": "```boom``` <@U1> & last line"}, "run1")
    said: dict[str, Any] = json.loads(
        actions.registry.get(action)({**PARAMS[action], **params}).rendered(receiver, context, {}).masked
    )
    return json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize("action", ["notify_google_chat", "notify_slack"])
def test_a_message_holds_it_only_where_the_option_is_on(action: str) -> None:
    assert "last line" not in rendered(action, None)
    assert "last line" not in rendered(action, None, with_log=False)
    told = rendered(action, None, with_log=True)
    assert "&amp; last line" in told
    assert "<@U1>" not in told


def test_in_slack_no_line_ends_the_block_it_stands_in() -> None:
    assert "```\\n'''boom''' &lt;@U1&gt; &amp; last line\\n```" in rendered("notify_slack", None, with_log=True)


def test_the_option_that_is_off_is_neither_stored_nor_exported(world: World, api: APIClient) -> None:
    Integration.objects.create(
        team=world.team, kind="ntfy", name="night", settings={"server": "https://ntfy.test", "topic": "t", "token": ""}
    )
    action = {"type": "notify_ntfy", "integration": "night"}
    off, on = (
        world.automation(FAILED, name=str(option), action={**action, "with_log": option}) for option in (False, True)
    )
    assert "with_log" not in off.action
    assert on.action["with_log"] is True
    stored = receivers_of([on.receiver_key])[on.receiver_key]
    assert isinstance(stored, StoredReceiver)
    context = MessageContext({"automation_name": "bell", "run_log_tail": "last line"}, "run1")
    message = json.loads(actions.registry.get("notify_ntfy")(on.action).rendered(stored, context, {}).masked)
    assert message["message"].endswith("run1\n\nlast line")
