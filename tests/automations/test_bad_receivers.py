"""What each kind of bad receiver makes of an execution: the table of docs/delivery.md, over real sockets."""

from __future__ import annotations

import gzip
import re
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from automations.engine import worker_loop
from automations.models import Attempt, Execution
from integrations.webhook.models import Webhook
from outbound import web_provider as sending
from outbound.client import Client
from projects.runs.lifecycle import finish_run
from tests.integrations.receivers import OK, Answer, Receiver, answering, encrypted
from tests.integrations.test_http_tls import NOW, YEAR, Certificate
from tests.world import FAILED, World

LATE = "The receiver did not answer within 1 s"
CLOSED = "The receiver closed the connection without an answer"
NOT_HTTP = "The answer was not valid HTTP"
NOT_FOLLOWED = "Redirects are not followed: put the final address into the webhook."
GONE = "The receiver answered 410. It is gone for good, so the webhook was disabled."


def silent(receiver: Receiver, connection: socket.socket) -> None:
    receiver.stopped.wait(30)


def reset(receiver: Receiver, connection: socket.socket) -> None:
    receiver.read(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closing(sent: bytes) -> Answer:
    """Say this and hang up."""

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(sent)

    return answer


def dripping(sent: bytes, dripped: bytes) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(sent)
        receiver.drip(connection, dripped)

    return answer


def endless(sent: bytes, more: bytes) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(sent)
        while not receiver.stopped.is_set():
            connection.sendall(more)

    return answer


def status(line: str, *headers: str) -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {line}", "Content-Length: 0", *headers])
    return answering(f"{head}\r\n\r\n".encode())


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


BOMB = gzip.compress(bytes(50_000_000))
BOMB_HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@dataclass(frozen=True)
class Row:
    """A receiver, and where it leaves an execution: `pending` is tried again, after `wait` seconds at least."""

    answer: Answer
    state: str
    reason: str
    wait: float = 4.0
    most: float = 6.5
    disables: bool = False


# 1. Silence: tried again.
# 2. No whole answer: tried again.
# 3. An answer that says no.
# 4. Answers that are odd and yet a yes.
TABLE = {
    "accepts and hangs": Row(silent, "pending", LATE),
    "drips its status line": Row(dripping(b"", b"H" * 300), "pending", LATE),
    "drips its headers": Row(dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 40), "pending", LATE),
    "drips its body": Row(dripping(HEAD, b"x" * 300), "pending", LATE),
    "storms with 100 Continue": Row(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "pending", LATE),
    "resets the connection": Row(reset, "pending", CLOSED),
    "hangs up without a word": Row(closing(b""), "pending", CLOSED),
    "hangs up in its body": Row(closing(HEAD + b"half"), "pending", "The answer ended before it was complete"),
    "talks SSH": Row(closing(b"SSH-2.0-OpenSSH_9.6\r\n"), "pending", NOT_HTTP),
    "sends nulls": Row(closing(b"\x00" * 70_000), "pending", NOT_HTTP),
    "sends huge headers": Row(endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65_536), "pending", NOT_HTTP),
    "sends too many headers": Row(closing(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"), "pending", NOT_HTTP),
    "answers 101": Row(status("101 Switching Protocols"), "pending", "The receiver answered 101."),
    "answers 301": Row(status("301 Moved", "Location: /x"), "failed", f"The receiver answered 301. {NOT_FOLLOWED}"),
    "answers 307": Row(status("307 Moved", "Location: /x"), "failed", f"The receiver answered 307. {NOT_FOLLOWED}"),
    "answers 400": Row(status("400 Bad Request"), "pending", "The receiver answered 400."),
    "answers 401": Row(status("401 Unauthorized"), "pending", "The receiver answered 401."),
    "answers 404": Row(status("404 Not Found"), "pending", "The receiver answered 404."),
    "answers 410": Row(status("410 Gone"), "failed", GONE, disables=True),
    "answers 429": Row(status("429 Slow Down"), "pending", "The receiver answered 429."),
    "answers 429 and asks for seconds": Row(
        status("429 Slow Down", "Retry-After: 600"), "pending", "The receiver answered 429.", 590, 600
    ),
    "answers 429 and asks for a date": Row(
        status("429 Slow Down", f"Retry-After: {in_an_hour()}"), "pending", "The receiver answered 429.", 1800, 3600
    ),
    "answers 429 and asks for junk": Row(
        status("429 Slow Down", "Retry-After: soon"), "pending", "The receiver answered 429."
    ),
    "answers 500": Row(status("500 Oops"), "pending", "The receiver answered 500."),
    "answers 503": Row(status("503 Busy"), "pending", "The receiver answered 503."),
    "answers 204": Row(closing(b"HTTP/1.1 204 No Content\r\n\r\n"), "delivered", "The receiver answered 204."),
    "hangs up in its headers, after a 200": Row(
        closing(b"HTTP/1.1 200 OK\r\nX-A"), "delivered", "The receiver answered 200."
    ),
    "sends a body without end": Row(
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536), "delivered", "The receiver answered 200."
    ),
    "sends a gzip bomb": Row(closing(BOMB_HEAD + BOMB), "delivered", "The receiver answered 200."),
}


@pytest.fixture(autouse=True)
def short_deadline(settings: Any) -> None:
    settings.DELIVERY_DEADLINE_SECONDS = 1


@pytest.fixture
def delivered(world: World) -> Iterator[Callable[[str], Execution]]:
    """Let a run fail whose automation calls the address, and give what became of it."""

    def deliver(url: str) -> Execution:
        world.webhook(url)
        world.automation(FAILED)
        finish_run(world.run(), 1)
        assert worker_loop.run() is True
        return Execution.objects.get()

    yield deliver
    sending.client().close()


@pytest.fixture
def start() -> Iterator[Callable[[Answer], Receiver]]:
    receivers: list[Receiver] = []

    def started(answer: Answer) -> Receiver:
        receivers.append(Receiver(answer))
        return receivers[-1]

    yield started
    for receiver in receivers:
        receiver.stop()


def assert_became(execution: Execution, row: Row) -> None:
    assert (execution.state, execution.reason) == (row.state, row.reason)
    attempt = Attempt.objects.get()
    assert (attempt.ok, attempt.detail) == (row.state == "delivered", row.reason)
    assert (execution.lease, execution.leased_until) == ("", None)
    if row.state == "pending":
        assert execution.next_attempt_at is not None
        wait = (execution.next_attempt_at - attempt.started_at).total_seconds()
        # The deadline and a slow machine come on top.
        assert row.wait <= wait <= row.most + (now() - attempt.started_at).total_seconds()
    else:
        assert execution.next_attempt_at is None
    assert Webhook.objects.get().enabled is not row.disables


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_a_bad_receiver_leaves_the_execution_as_documented(
    start: Callable[[Answer], Receiver], delivered: Callable[[str], Execution], row: Row
) -> None:
    receiver = start(row.answer)
    execution = delivered(receiver.url)
    assert_became(execution, row)
    assert receiver.connections == 1


# Those that need a name or a certificate -------------------------------------------------------------

UNREACHED = {
    "has no name": (None, "The name could not be resolved"),
    "refuses the connection": ("127.0.0.1", "The connection was refused"),
}


def dial_as(monkeypatch: pytest.MonkeyPatch, address: str | None, certificates: str | None = None) -> None:
    """Resolve every name to this address, or to none."""

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        if address is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (address, port))]

    client = Client(sending.policy(), version="1.2.3", resolve=resolve, certificates=certificates)
    monkeypatch.setattr(sending, "client", lambda: client)


@pytest.mark.parametrize(("address", "reason"), UNREACHED.values(), ids=UNREACHED.keys())
def test_a_receiver_that_is_not_there_is_tried_again(
    delivered: Callable[[str], Execution], monkeypatch: pytest.MonkeyPatch, address: str | None, reason: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    dial_as(monkeypatch, address)
    assert_became(delivered(f"http://hooks.test:{port}/hook"), Row(silent, "pending", reason))


CERTIFICATES = {
    "nobody vouches for": ("hooks.test", False, YEAR, "The TLS certificate is not trusted"),
    "is of another host": ("other.test", True, YEAR, "The TLS certificate is not valid for this host"),
    "has expired": ("hooks.test", True, -YEAR, "The TLS certificate has expired"),
}


@pytest.mark.parametrize(
    ("name", "trusted", "left", "reason"), CERTIFICATES.values(), ids=[f"one that {key}" for key in CERTIFICATES]
)
def test_a_bad_certificate_is_told_and_tried_again(
    start: Callable[[Answer], Receiver],
    delivered: Callable[[str], Execution],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    trusted: bool,
    left: timedelta,
    reason: str,
) -> None:
    certificate = Certificate(tmp_path, name, ends_at=NOW + left)
    dial_as(monkeypatch, "127.0.0.1", certificate.path if trusted else None)
    receiver = start(encrypted(certificate.context(), answering(OK)))
    execution = delivered(f"https://hooks.test:{receiver.port}/hook")
    assert_became(execution, Row(silent, "pending", reason))
    assert receiver.requests == []


def test_a_receiver_that_speaks_no_tls_is_told(
    start: Callable[[Answer], Receiver], delivered: Callable[[str], Execution], monkeypatch: pytest.MonkeyPatch
) -> None:
    dial_as(monkeypatch, "127.0.0.1")
    receiver = start(
        lambda receiver, connection: connection.recv(100) and connection.sendall(b"HTTP/1.1 400 No\r\n\r\n")
    )
    execution = delivered(f"https://hooks.test:{receiver.port}/hook")
    assert_became(execution, Row(silent, "pending", "The TLS handshake failed"))


def test_the_documents_have_each_of_them_with_its_reason() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/delivery.md").read_text()
    documented = dict(re.findall(r"^\| (.+?) \| (.+?) \|", text, re.MULTILINE))
    states = {name: row.state for name, row in TABLE.items()}
    states |= dict.fromkeys(UNREACHED, "pending") | {f"has a certificate that {key}": "pending" for key in CERTIFICATES}
    states["speaks no TLS where TLS is asked for"] = "pending"
    assert {name: documented.get(name) for name in states} == states
    reasons = {row.reason for row in TABLE.values()} | {reason for *_rest, reason in CERTIFICATES.values()}
    missing = [reason for reason in reasons if reason.replace("1 s", "10 s") not in text]
    assert missing == []
