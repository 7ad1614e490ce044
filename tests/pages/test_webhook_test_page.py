"""A webhook tested from its page."""

from __future__ import annotations

import json

from django.test import Client
from pytest_httpserver import HTTPServer

from tests.pages.people import text
from tests.world import World

PAGE = "/acme/integrations/webhook/hook/test"


def test_a_test_shows_what_was_sent_masked_and_what_was_answered(
    alice: Client, world: World, receiver: HTTPServer
) -> None:
    world.secret("TOKEN", "very-secret-token")
    world.webhook(receiver.url_for("/hook"), access_token="TOKEN")
    sent = {"event": "run.metric", "payload": '{"run": "${run_name}", "token": "${ACCESS_TOKEN}"}'}
    page = text(alice.post(PAGE, sent))
    ((request, _answer),) = receiver.log
    assert json.loads(request.data) == {"run": "prod-baseline", "token": "very-secret-token"}
    assert "very-secret-token" not in page
    assert "The receiver answered 200." in page
    assert "&quot;ok&quot;: true" in page


def test_a_payload_that_cannot_be_sent_is_refused_and_nothing_sent(
    alice: Client, world: World, receiver: HTTPServer
) -> None:
    world.webhook(receiver.url_for("/hook"))
    page = text(alice.post(PAGE, {"event": "run.state", "payload": '{"a": "${no_such}"}'}))
    assert "no_such" in page.split('id="field-payload"', 1)[1].split("</p>", 1)[0]
    assert receiver.log == []


def test_a_member_sends_no_test(bob: Client, world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))
    assert bob.post(PAGE, {"event": "run.state", "payload": ""}).status_code == 403
    assert receiver.log == []
