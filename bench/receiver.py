"""A receiver in a process of its own: it notes when each run was told of, by the first byte of the request.

In the bench's own process it would share Python's lock with what is measured.
"""

from __future__ import annotations

import http.client
import http.server
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent


class Receiver:
    """/hook answers at once, or after `?wait=` seconds; /slow after 2 s, /hang never.

    /fail answers 500; /alarm keeps which alarms of the operator came.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.receiver"]
        self._process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def url(self, path: str = "hook") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    @property
    def arrived(self) -> dict[str, float]:
        return dict(self._ask("/arrived"))

    @property
    def repeated(self) -> int:
        """How many requests told of a run that had been told of."""
        return int(self._ask("/repeated"))

    @property
    def alarms(self) -> list[str]:
        return list(self._ask("/alarms"))

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many runs were told of."""
        until = time.monotonic() + seconds
        while (there := self._ask("/count")) < count:
            if time.monotonic() > until:
                raise SystemExit(f"only {there} of {count} arrived within {seconds} s")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        said = json.loads(connection.getresponse().read())
        connection.close()
        return said


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: dict[str, float] = {}
        self.alarms: list[str] = []
        self.repeated = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    _RUN = re.compile(rb'"run": ?"([^"]+)"')

    def parse_request(self) -> bool:
        self.first_byte_at = time.time()
        return super().parse_request()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path in ("/fail", "/alarm"):
            if self.path == "/alarm":
                self.server.alarms.append(json.loads(body)["alarm"])
            self._answer(b"", "500 Internal Server Error" if self.path == "/fail" else "200 OK")
            return
        place, _, wait = self.path.partition("?wait=")
        if place != "/hook" or wait:
            time.sleep(float(wait) if wait else 2 if place == "/slow" else 3600)
        self._answer(b"")
        found = self._RUN.search(body) if place == "/hook" else None
        if found:
            there = self.server.arrived.setdefault(found[1].decode(), self.first_byte_at)
            self.server.repeated += there != self.first_byte_at

    def do_GET(self) -> None:
        arrived = self.server.arrived
        told = {"/count": len(arrived), "/repeated": self.server.repeated, "/alarms": self.server.alarms}
        self._answer(json.dumps(told.get(self.path, dict(arrived))).encode())

    def _answer(self, body: bytes, status: str = "200 OK") -> None:
        self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status.encode(), len(body)) + body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: printing would be measured too."""


if __name__ == "__main__":
    server = _Server()
    print(server.server_port, flush=True)
    server.serve_forever()
