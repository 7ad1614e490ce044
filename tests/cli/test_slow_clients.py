"""Sockets that do nothing, or little, stop nobody; and what is long but goes on arrives whole."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.cli.slow_clients import HEAD, answer_on, connected, drip, longest_wait, sockets
from tests.processes import ROOT, Environment, Server, alive_in, children, new_environment

pytestmark = pytest.mark.processes

POST = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n{"
# More than is kept before a thread gets it (settings.DATA_UPLOAD_MAX_MEMORY_SIZE).
UPLOAD = 300 * 2**20


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with new_environment(tmp_path_factory.mktemp("slow")) as variables:
        limits = {"HEAD_SECONDS": "3", "BODY_SECONDS": "4"}
        yield variables | {f"RUNBELL_REQUEST_{name}": value for name, value in limits.items()}


@pytest.fixture(scope="module")
def server(environment: Environment) -> Iterator[Server]:
    with Server(environment) as started:
        started.wait_until_ready()
        yield started


@pytest.mark.parametrize("first", [b"", HEAD, POST], ids=["idle", "slow heads", "slow bodies"])
def test_two_hundred_sockets_that_say_little_keep_nobody_waiting(server: Server, first: bytes) -> None:
    with sockets(server, 200, first):
        assert longest_wait(server) < 1


@pytest.mark.parametrize("first", [HEAD, POST], ids=["head", "body"])
def test_what_does_not_come_in_time_is_refused_though_it_drips(server: Server, first: bytes) -> None:
    with connected(server) as slow:
        slow.sendall(first + b"X-Slow: ")
        begun = time.monotonic()
        while time.monotonic() < begun + 8 and not _is_closed(slow):
            drip([slow])
            time.sleep(0.2)
        assert 2.5 < time.monotonic() - begun < 7.5
        assert answer_on(slow).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_socket_that_says_nothing_is_closed(server: Server) -> None:
    with connected(server) as idle:
        begun = time.monotonic()
        assert answer_on(idle) == b""
        assert 2.5 < time.monotonic() - begun < 10


def test_answers_that_nobody_reads_keep_nobody_waiting(server: Server) -> None:
    ask = b"GET /static/missing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 500
    with sockets(server, 40, ask):
        assert longest_wait(server) < 1


def test_an_upload_larger_than_memory_that_goes_on_slowly_arrives_whole(server: Server) -> None:
    sent, before = os.urandom(2**20), _kib_of_the_web_process(server)
    digest = hashlib.md5(sent * (UPLOAD // len(sent)))

    def pieces() -> Iterator[bytes]:
        for _ in range(UPLOAD // len(sent)):
            # Twice as long in all as a body may take that does not go on.
            time.sleep(8 / 300)
            yield sent

    address = _upload_address(server, digest.hexdigest())
    with sockets(server, 50, b"PUT /files/send/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n"):
        answer = requests.put(address, _Sized(pieces(), UPLOAD), timeout=300)
        assert longest_wait(server) < 1
    assert answer.status_code == 200, answer.text
    stored = [path for path in Path(server.environment["RUNBELL_DATA_DIR"]).rglob("*") if path.is_file()]
    assert UPLOAD in {path.stat().st_size for path in stored}
    assert _kib_of_the_web_process(server) - before < 64 * 1024


def test_of_too_many_sockets_those_that_ask_nothing_are_closed(environment: Environment, tmp_path: Path) -> None:
    few = environment | {"RUNBELL_WEB_CONNECTIONS": "50", "RUNBELL_REQUEST_HEAD_SECONDS": "60"}
    with new_environment(tmp_path) as fresh, Server(few | fresh) as server:
        server.wait_until_ready()
        with sockets(server, 300):
            assert longest_wait(server) < 1


def test_requests_in_one_go_are_answered_one_by_one(server: Server) -> None:
    with connected(server) as client:
        client.sendall((HEAD + b"\r\n") * 3 + HEAD + b"Connection: close\r\n\r\n")
        answer = answer_on(client)
    assert (answer.count(b"HTTP/1.1 200 OK"), answer.count(b'{"ok": true}')) == (4, 4)


@pytest.mark.parametrize("path", ["graphql", "files/send/x"])
@pytest.mark.parametrize("length", [12, 50_000_000], ids=["short", "long"])
def test_who_waits_for_it_is_told_once_to_continue(server: Server, path: str, length: int) -> None:
    with connected(server) as client:
        head = f"PUT /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        client.sendall(head.encode())
        said = client.recv(1000)
        assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.sendall(b"{} is a body"[:length])
        said += answer_on(client)
    assert (said.count(b"HTTP/1.1 100 "), said.count(b"HTTP/1.1 ")) == (1, 2)


def test_sockets_that_wait_do_not_hold_up_the_end(environment: Environment, tmp_path: Path) -> None:
    # Nobody waits for a head, which might take a minute; bodies that have begun to come have their 4 seconds.
    patient = environment | {"RUNBELL_REQUEST_HEAD_SECONDS": "60"}
    with new_environment(tmp_path) as fresh, Server(patient | fresh) as server:
        server.wait_until_ready()
        with sockets(server, 100), sockets(server, 50, HEAD), sockets(server, 50, POST):
            server.signal_group(signal.SIGTERM)
            server.wait_until_ended(8)
        assert server.process.returncode == 0
        assert not alive_in(server.environment)


class _Sized:
    """Pieces whose length is said beforehand: requests sends others chunked."""

    def __init__(self, pieces: Iterator[bytes], length: int) -> None:
        self._pieces, self.len = pieces, length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, _size: int = -1) -> bytes:
        return next(self._pieces, b"")


def _is_closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return bool(one.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        one.settimeout(30)


def _kib_of_the_web_process(server: Server) -> int:
    worker = children(children(server.pid)[0])[0]
    text = Path(f"/proc/{worker}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def _upload_address(server: Server, md5: str) -> str:
    """Give the link that a script gets for a file of this MD5."""
    command = [sys.executable, "-c", _UPLOAD_ADDRESS, md5]
    done = subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


_UPLOAD_ADDRESS = """
import sys
import django
django.setup()
from projects.file_storage.signed_links import upload_url
from teams.models import Team, User
print(upload_url(Team.objects.get(), sys.argv[1], by=User.objects.get()))
"""
