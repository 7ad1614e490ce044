"""Receivers on loopback that behave as badly as a test asks."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from common.http.networks import parse_networks
from outbound.addresses import Policy
from outbound.client import Client, Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOPBACK = Policy(parse_networks(["127.0.0.0/8"]))


class Receiver:
    """Gives each connection to `answer` in a thread of its own and counts what came."""

    def __init__(self, answer: Callable[[Receiver, socket.socket], None]) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def read(self, connection: socket.socket) -> bytes:
        """Give the body of the next request; EOFError when the connection has ended."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += _some(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int((head.lower() + b"\r\ncontent-length: 0").split(b"content-length: ")[1].split()[0])
        while len(body) < length:
            body += _some(connection)
        self.requests.append(head + b"\r\n\r\n" + body)
        return body

    def drip(self, connection: socket.socket, data: bytes) -> None:
        """Send a byte now and then, for as long as anyone listens."""
        for byte in data:
            if self.stopped.wait(0.1):
                return
            connection.sendall(bytes([byte]))

    def stop(self) -> None:
        self.stopped.set()
        self.listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), connection:
            self.answer(self, connection)


Answer = Callable[[Receiver, socket.socket], None]
Start = Callable[[Answer], Receiver]


def answering(data: bytes) -> Answer:
    """Answer every request of a connection with the same bytes."""

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        while True:
            receiver.read(connection)
            connection.sendall(data)

    return answer


def encrypted(context: ssl.SSLContext, answer: Answer) -> Answer:
    def answer_in_tls(receiver: Receiver, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inner:
            answer(receiver, inner)

    return answer_in_tls


def client(policy: Policy = LOOPBACK, **options: Any) -> Client:
    return Client(policy, version="1.2.3", **options)


def post(url: str, body: bytes = b"{}", **headers: str) -> Request:
    return Request("POST", url, headers, body)


def resolve_to(*addresses: str) -> Callable[..., list[Any]]:
    return lambda host, port, **options: [(0, 0, 0, "", (address, port)) for address in addresses]


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise EOFError
    return data
