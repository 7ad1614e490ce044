"""A receiver on loopback that notes what came when."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[tuple[float, dict[str, Any]]] = []
        # Of each that arrived: the same for every try of one execution.
        self.ids: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def about(self, run: str) -> list[tuple[float, dict[str, Any]]]:
        """What told of this run, by its display name."""
        return [(at, body) for at, body in list(self.arrived) if body.get("run") == run]


class _Handler(BaseHTTPRequestHandler):
    server: Hook
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        at, body = time.time(), self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.server.ids.append(self.headers["webhook-id"])
        self.server.arrived.append((at, json.loads(body)))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
