"""Receivers can tell our deliveries: with the code in docs/verify.md, the command, and the reference library."""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook as Verifier

from automations.models import Execution
from automations.tasks import work
from integrations.webhook.services import rotate_signing_secret
from projects.runs.lifecycle import finish_run
from tests.integrations.receivers import OK, Start, answering
from tests.world import FAILED, World

DOCS = (Path(__file__).parents[2] / "docs" / "verify.md").read_text()
OLD = "an old secret: ä"
NEW = "whsec_" + base64.b64encode(bytes(range(32))).decode()
Delivered = tuple[dict[str, str], bytes]


def documented(name: str) -> Callable[[dict[str, str], bytes, str], bool]:
    """Give a function of the page, as the page has it."""
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL) if f"def {name}(" in block)
    assert len(code.strip().splitlines()) <= 10
    names: dict[str, Any] = {}
    exec(code, names)
    return names[name]


verify, verify_as_wandb = documented("verify"), documented("verify_as_wandb")


@pytest.fixture
def deliver(world: World, receiver: HTTPServer) -> Callable[[], Delivered]:
    """Let a run fail, and give what the receiver got for it: headers by lower-case name, and the body."""
    world.secret("SIGNING", OLD)
    world.webhook(receiver.url_for("/hook"), secret="SIGNING")
    world.automation(FAILED)

    def delivered() -> Delivered:
        receiver.clear_log()
        finish_run(world.run(f"run{time.monotonic_ns()}", display_name='näme "quoted"\n'), 1)
        work()
        ((request, _answer),) = receiver.log
        return {name.lower(): value for name, value in request.headers.items()}, request.data

    return delivered


def rotate(world: World) -> None:
    rotate_signing_secret(world.webhooks.get(), NEW, by=world.users["alice"])


def test_the_documented_code_verifies_a_delivery_and_refuses_what_was_changed(deliver: Callable[[], Delivered]) -> None:
    headers, body = deliver()
    assert verify(headers, body, OLD)
    assert verify_as_wandb(headers, body, OLD)
    assert not verify(headers, body + b" ", OLD)
    assert not verify(headers, body, NEW)
    assert not verify({**headers, "webhook-id": "msg_2"}, body, OLD)
    assert not verify({**headers, "webhook-timestamp": str(int(time.time()) - 301)}, body, OLD)
    assert not verify_as_wandb(headers, body + b" ", OLD)


def test_while_a_secret_changes_both_are_verified_and_then_only_the_new_one(
    deliver: Callable[[], Delivered], world: World
) -> None:
    rotate(world)
    headers, body = deliver()
    assert [verify(headers, body, secret) for secret in (OLD, NEW)] == [True, True]
    assert [verify_as_wandb(headers, body, secret) for secret in (OLD, NEW)] == [False, True]
    for secret in (base64.b64encode(OLD.encode()).decode(), NEW):
        Verifier(secret).verify(body, headers)

    world.team.secrets.update(previous_until="2026-01-01T00:00:00Z")
    headers, body = deliver()
    assert [verify(headers, body, secret) for secret in (OLD, NEW)] == [False, True]
    assert len(headers["webhook-signature"].split()) == 1


def test_neither_value_of_a_rotated_secret_is_stored_with_the_attempt(
    deliver: Callable[[], Delivered], world: World, receiver: HTTPServer
) -> None:
    rotate(world)
    receiver.clear_all_handlers()
    receiver.expect_request("/hook").respond_with_data(f"you said {OLD} and {NEW}")
    deliver()
    (attempt,) = world.team.automations.get().executions.get().attempts.all()
    assert attempt.reply["body"] == "you said ******** and ********"


# The command ---------------------------------------------------------------------------------------


@pytest.fixture
def captured(deliver: Callable[[], Delivered], tmp_path: Path) -> Path:
    headers, body = deliver()
    (tmp_path / "headers").write_text("POST /hook HTTP/1.1\n" + "".join(f"{k}: {v}\n" for k, v in headers.items()))
    (tmp_path / "body").write_bytes(body)
    return tmp_path


def command(folder: Path, *more: str) -> str:
    said = io.StringIO()
    call_command("verify_webhook", f"--headers={folder}/headers", f"--body={folder}/body", *more, stdout=said)
    return said.getvalue()


def test_the_command_says_which_signatures_hold(captured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", OLD)
    said = command(captured).splitlines()
    assert sorted(said[:2]) == ["webhook-signature: holds", "x-wandb-signature: holds"]
    assert re.fullmatch(r"It was sent -?\d+ s ago\.", said[2])


def test_the_command_takes_the_secret_from_a_file_a_variable_or_standard_input(
    captured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (captured / "secret").write_text(f"{OLD}\n")
    monkeypatch.setenv("MINE", OLD)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{OLD}\n"))
    sources = (f"--secret-file={captured}/secret", "--secret-env=MINE", "--secret-stdin")
    assert [command(captured, source).count(": holds") for source in sources] == [2, 2, 2]


def test_the_command_says_why_none_holds(captured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "another")
    with pytest.raises(CommandError, match="Either the secret is another one, or the body is not byte for byte"):
        command(captured)
    (captured / "headers").write_text("Content-Type: application/json\n")
    with pytest.raises(CommandError, match="carries no signature"):
        command(captured)
    (captured / "headers").write_text('{"webhook-signature": "v1,x"}')
    with pytest.raises(CommandError, match="the header webhook-id is missing"):
        command(captured)


def test_the_command_tells_that_a_request_is_old(captured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", OLD)
    clock = time.time() + 4000
    monkeypatch.setattr("time.time", lambda: clock)
    assert "a receiver refuses what is more than 300 s away" in command(captured)


def test_the_command_names_a_variable_that_is_not_set(captured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBHOOK_SECRET", raising=False)
    with pytest.raises(CommandError, match="WEBHOOK_SECRET is not set"):
        command(captured)


# Every one of many ---------------------------------------------------------------------------------


def test_the_reference_library_verifies_a_thousand_deliveries_of_a_thousand(world: World, start: Start) -> None:
    world.secret("SIGNING", NEW)
    receiver = start(answering(OK))
    hook = world.webhook(receiver.url, secret="SIGNING")
    automation = world.automation(FAILED)
    Execution.objects.bulk_create(
        Execution(
            automation=automation, team=world.team, receiver_key=f"webhook:{hook.pk}", action_type="send_webhook",
            action={"payload": '{"n": ${n}, "text": "${text}"}'}, next_attempt_at=now(),
            variables={"n": number, "text": f'"{chr(0x20 + number)}\n\\'},
        )
        for number in range(1000)
    )  # fmt: skip
    while Execution.objects.filter(state="pending").exists():
        work()

    verifier, bodies = Verifier(NEW), set()
    for request in receiver.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        verifier.verify(body, {name.lower(): value for name, _colon, value in lines})
        bodies.add(body)
    assert (len(receiver.requests), len(bodies)) == (1000, 1000)
