"""Clients that keep a server waiting, and one beside them that does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import requests

from tests.processes import Server, crowding

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@contextmanager
def sockets(server: Server, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open so many, and send the same bytes on each."""
    with ExitStack() as stack:
        opened = [stack.enter_context(connected(server)) for _ in range(count)]
        for one in opened:
            one.sendall(first)
        yield opened


def connected(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def drip(opened: list[socket.socket], data: bytes = b"x") -> None:
    for one in opened:
        with suppress(OSError):
            one.send(data)


def longest_wait(server: Server, times: int = 20) -> float:
    """Give how long somebody waits at most who asks for something, each time by a socket of its own."""
    waits = []
    for _ in range(times):
        begun = time.monotonic()
        assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
        waits.append(time.monotonic() - begun)
    return max(waits) / crowding()


def answer_on(one: socket.socket) -> bytes:
    """Read until the other side closes."""
    pieces = []
    with suppress(ConnectionError):
        while piece := one.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)
