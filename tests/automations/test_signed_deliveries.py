"""A thousand deliveries through the engine, verified by the reference library as a receiver would."""

from __future__ import annotations

import base64

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from automations.engine import worker_loop
from automations.models import Execution
from outbound.signing import wandb_signature
from tests.integrations.receivers import OK, Receiver, answering
from tests.world import FAILED, World, failed_at_once

COUNT = 1_000
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PLAIN = "a plain text, 256 bits or not: ä"


@pytest.mark.parametrize(
    ("secret", "key"), [(WHSEC, WHSEC), (PLAIN, base64.b64encode(PLAIN.encode()).decode())], ids=["whsec", "plain"]
)
def test_the_reference_library_verifies_every_one_of_a_thousand(world: World, secret: str, key: str) -> None:
    receiver = Receiver(answering(OK))
    world.secret("SIGNING", secret)
    world.webhook(receiver.url, secret="SIGNING")
    world.automation(FAILED, rate_limit=0)
    failed_at_once(world.project, [f"run{number}" for number in range(COUNT)])
    while not worker_loop.run(120):
        pass
    receiver.stop()
    verifier, verified = Verifier(key), set()
    for request in receiver.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        assert verifier.verify(body, headers)["event"] == "RUN_STATE"
        assert headers["X-Wandb-Signature"] == wandb_signature(secret, body)
        verified.add(headers["webhook-id"])
    assert len(receiver.requests) == COUNT
    assert verified == set(Execution.objects.filter(state="delivered").values_list("delivery_id", flat=True))
