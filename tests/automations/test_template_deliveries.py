"""The shared template cases, as deliveries: over real HTTP to a real receiver."""

from __future__ import annotations

import json
from typing import Any

from pytest_httpserver import HTTPServer

from automations.delivery.preparing import PreparedMessage
from automations.delivery.sending import PreparedDelivery, SendResult, deliver
from automations.models import Execution
from integrations.webhook.action import SendWebhook
from integrations.webhook.provider import WebhookProvider, WebhookReceiver
from tests.template_cases import cases


def delivered(case: dict[str, Any], receiver: HTTPServer) -> SendResult:
    # As they come back from the database.
    variables = json.loads(json.dumps(case["variables"]))
    receiver = WebhookReceiver(key="webhook:1", name="hook", team_id=1, url=receiver.url_for("/hook"))
    action = SendWebhook({"webhook": 1, "payload": case["template"]})
    outgoing = PreparedMessage(WebhookProvider, receiver, action, case.get("secrets", {}))
    return deliver(PreparedDelivery(Execution(pk=1, variables=variables), outgoing))


@cases(ok=True)
def test_what_a_case_expects_is_what_arrives(case: dict[str, Any], receiver: HTTPServer) -> None:
    sent, expect = delivered(case, receiver), case["expect"]
    assert sent.record.outcome.ok, sent.record.outcome.detail
    text = receiver.log[0][0].data.decode()
    assert json.dumps(json.loads(text)) == json.dumps(expect["body"])
    assert not [one for one in expect.get("text_must_not_contain", []) if one in text]
    stored = sent.record.request["body"]
    assert json.loads(stored) == expect.get("masked", json.loads(stored))


@cases(ok=False)
def test_a_case_that_is_refused_sends_nothing_and_tells_no_secret(case: dict[str, Any], receiver: HTTPServer) -> None:
    sent = delivered(case, receiver)
    assert (sent.record.outcome.ok, sent.record.outcome.retry) == (False, False)
    assert sent.record.outcome.detail.startswith("The payload cannot be filled")
    assert not [secret for secret in case.get("secrets", {}).values() if secret in sent.record.outcome.detail]
    assert receiver.log == []
