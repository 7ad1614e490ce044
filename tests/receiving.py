"""A real receiver that tallies: which delivery came how often, with which body, and when."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.processes import free_port


class Tally(ThreadingHTTPServer):
    """Answers 200 to all, and hangs at /hang.

    `at` says what happens at which request, and `about` at each whose body holds a text. It happens in the thread of
    that request: a test that looks now and then may find the work done on a busy machine.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, takes_seconds: float = 0.005) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.takes_seconds = takes_seconds
        self.bodies: dict[str, list[bytes]] = defaultdict(list)
        self.moments: dict[str, float] = {}
        self.arrived = self.hanging = 0
        self.at: dict[int, Callable[[], None]] = {}
        self.about: dict[bytes, Callable[[], None]] = {}
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def hanging_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hang"

    @property
    def runs(self) -> dict[str, set[str]]:
        """The ids that told of each run."""
        found: dict[str, set[str]] = defaultdict(set)
        for delivery_id, bodies in list(self.bodies.items()):
            found[json.loads(bodies[0])["run"]].add(delivery_id)
        return found

    @property
    def extra(self) -> int:
        return sum(len(bodies) - 1 for bodies in list(self.bodies.values()))

    def assert_repeats_are_the_same(self) -> None:
        """Each run was told of under one id, and each id came with one body."""
        assert {run: ids for run, ids in self.runs.items() if len(ids) != 1} == {}
        assert [bodies for bodies in self.bodies.values() if len(set(bodies)) != 1] == []

    def note(self, delivery_id: str, body: bytes) -> None:
        with self.lock:
            self.moments.setdefault(delivery_id, time.time())
            self.bodies[delivery_id].append(body)
            self.arrived += 1
            context = [self.at.pop(self.arrived, None), *(act for text, act in self.about.items() if text in body)]
        for act in context:
            if act is not None:
                act()

    def stop(self) -> None:
        self.stopped.set()
        self.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Tally
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/hang":
            with self.server.lock:
                self.server.hanging += 1
            self.server.stopped.wait()
            return
        self.server.note(self.headers["webhook-id"], body)
        time.sleep(self.server.takes_seconds)
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
