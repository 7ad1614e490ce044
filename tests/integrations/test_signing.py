"""A receiver can tell that a request is ours, with W&B's check and with that of Standard Webhooks."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from integrations.webhook.provider import WebhookProvider, WebhookReceiver
from outbound.client import Request
from outbound.provider import Delivery
from outbound.signing import is_signed, wandb_signature

BODY = b'{"key1": "value1", "key2": "value2"}'
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PLAIN = "a plain text, 256 bits or not: ä"


def request(secrets: Mapping[str, str], **names: str) -> Request:
    receiver = WebhookReceiver(key="webhook:1", name="hook", team_id=1, url="https://hooks.test/", **names)
    return WebhookProvider.request(receiver, Delivery("msg_1", BODY, BODY.decode(), int(time.time()), secrets))


def verifier(secret: str) -> Verifier:
    """As documented: a `whsec_` secret as it is, any other as base64 of its text."""
    return Verifier(secret if secret.startswith("whsec_") else base64.b64encode(secret.encode()).decode())


def test_the_signature_is_the_one_in_the_documents_of_wandb() -> None:
    assert wandb_signature("your_api_secret", BODY) == "4tKqnWHayH0Vdy0mtiM/LbZ7bOGK7h+UrHO5F40Uk8U="


@pytest.mark.parametrize("secret", [WHSEC, PLAIN])
def test_the_reference_library_verifies_ours(secret: str) -> None:
    headers = dict(request({"SIGNING": secret}, secret="SIGNING").headers)
    assert verifier(secret).verify(BODY, headers) == {"key1": "value1", "key2": "value2"}


@pytest.mark.parametrize("secret", [WHSEC, PLAIN])
def test_the_reference_library_refuses_another_body(secret: str) -> None:
    headers = dict(request({"SIGNING": secret}, secret="SIGNING").headers)
    with pytest.raises(WebhookVerificationError):
        verifier(secret).verify(BODY + b" ", headers)


def test_a_webhook_with_both_secrets_sends_these_headers_and_no_other() -> None:
    made = request({"TOKEN": "t0ken", "SIGNING": PLAIN}, access_token="TOKEN", secret="SIGNING")
    assert made.headers["Authorization"] == "Bearer t0ken"
    assert made.headers["X-Wandb-Signature"] == wandb_signature(PLAIN, BODY)
    assert set(made.headers) == {
        "Content-Type", "Authorization", "X-Wandb-Signature", "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip


def test_a_webhook_without_secrets_signs_nothing() -> None:
    assert set(request({}).headers) == {"Content-Type", "webhook-id", "webhook-timestamp"}


def test_our_own_check_takes_what_we_send_and_nothing_else() -> None:
    headers = dict(request({"SIGNING": PLAIN}, secret="SIGNING").headers)
    assert is_signed(headers, BODY, PLAIN)
    assert not is_signed(headers, BODY + b" ", PLAIN)
    assert not is_signed(headers, BODY, WHSEC)
    assert not is_signed({**headers, "X-Wandb-Signature": ""}, BODY, PLAIN)
    assert not is_signed({**headers, "webhook-id": "msg_2"}, BODY, PLAIN)
    assert not is_signed({}, BODY, PLAIN)


def test_a_secret_that_only_looks_like_a_standard_one_is_taken_as_text() -> None:
    secret = "whsec_not base64!"
    headers = dict(request({"SIGNING": secret}, secret="SIGNING").headers)
    assert is_signed(headers, BODY, secret)
    Verifier(base64.b64encode(secret.encode()).decode()).verify(BODY, headers)
