"""A receiver that sends without end, or hardly at all, costs at most 20 MiB and the deadline and a second."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outbound.client import BODY_LIMIT
from tests.integrations.receivers import OK, Answer, Receiver, Start, answering

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells a process's own peak"),
]
DEADLINE = 2.0
MOST_MIB = 20
# More than the client may ever need; a client that took all of it would need hundreds of MiB.
ENDLESS = 1024
MIB = bytes(2**20)
HEAD = b"HTTP/1.1 200 OK\r\n"


def without_end(head: bytes, piece: bytes = MIB) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(head)
        for _ in range(ENDLESS * 2**20 // len(piece)):
            connection.sendall(piece)

    return answer


def dripping(head: bytes, piece: bytes) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(head)
        while not receiver.stopped.is_set():
            receiver.drip(connection, piece)

    return answer


def bomb() -> Answer:
    """300 MB of zeros in 300 KB, twice packed: whoever unpacks it needs them all."""
    packed = gzip.compress(gzip.compress(bytes(300_000_000), 1), 1)
    head = HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    return answering(head + packed)


def silent(receiver: Receiver, connection: socket.socket) -> None:
    receiver.read(connection)
    receiver.stopped.wait(30)


def deaf(receiver: Receiver, connection: socket.socket) -> None:
    """Take the connection, and read nothing of the request."""
    receiver.stopped.wait(30)


CASES: dict[str, tuple[Callable[[], Answer], str]] = {
    "1 GB": (lambda: without_end(HEAD + b"Content-Length: 1073741824\r\n\r\n"), "200, 65536 bytes"),
    "1 GB in chunks": (
        lambda: without_end(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + MIB + b"\r\n"),
        "200, 65536 bytes",
    ),
    "1 GB without a length": (lambda: without_end(HEAD + b"Connection: close\r\n\r\n"), "200, 65536 bytes"),
    "1 GB of a redirect": (
        lambda: without_end(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 1073741824\r\n\r\n"),
        "302, 65536 bytes",
    ),
    "a status line without end": (lambda: without_end(b"HTTP/1.1 200 ", b"a" * 2**20), "The answer was not valid HTTP"),
    "a header without end": (lambda: without_end(HEAD + b"X-A: ", b"a" * 2**20), "The answer was not valid HTTP"),
    "headers without end": (lambda: without_end(HEAD, b"X-A: b\r\n" * 100_000), "The answer was not valid HTTP"),
    "a chunk size without end": (
        lambda: without_end(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 2**20),
        "The answer",
    ),
    "trailers without end": (
        lambda: without_end(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"X-A: b\r\n" * 100_000),
        "",
    ),
    "100 Continue without end": (lambda: without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000), "did not answer"),
    "a gzip bomb": (bomb, "200, "),
    "a byte now and then": (lambda: dripping(HEAD + b"Content-Length: 1000000\r\n\r\n", b"a"), "did not answer"),
    "a chunk now and then": (
        lambda: dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        "did not answer",
    ),
    "a header's byte now and then": (lambda: dripping(HEAD + b"X-A: ", b"a"), "did not answer"),
    "nothing": (lambda: silent, "did not answer"),
    "nothing, not even read": (lambda: deaf, "did not answer"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_costs_no_more_than_it_may(start: Start, case: str) -> None:
    make, said = CASES[case]
    healthy, bad = start(answering(OK)), start(make())
    # As large as a payload may be: a receiver that does not read must not hold it up either.
    spent = measured(healthy.url, bad.url, body_bytes=1_000_000)
    assert said in spent["said"]
    assert spent["seconds"] <= DEADLINE + 1
    assert spent["mib"] <= MOST_MIB


def test_the_measurement_sees_what_is_read(start: Start) -> None:
    # Without this the test above could not fail: a client that took more would be seen.
    healthy, bad = start(answering(OK)), start(without_end(HEAD + b"Content-Length: 1073741824\r\n\r\n"))
    assert measured(healthy.url, bad.url, body_limit=25 * 2**20, deadline_seconds=20)["mib"] > MOST_MIB


def measured(*urls: str, body_bytes: int = 2, body_limit: int = BODY_LIMIT, deadline_seconds: float = DEADLINE) -> Any:
    numbers = f"{deadline_seconds}, {body_bytes}, {body_limit}"
    code = f"import sys; from tests.integrations.bounded import main; main(*sys.argv[1:], {numbers})"
    ran = subprocess.run(
        [sys.executable, "-c", code, *urls], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
