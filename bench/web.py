"""The web server on a bench's database, and scripts that post to it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.setting import ROOT


@contextmanager
def served() -> Iterator[tuple[int, int]]:
    """Start `manage.py serve`, the set-up that everybody has; give its port and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PORT": str(port)}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


def cpu_seconds(pid: int) -> float:
    """Give the CPU time that a process and those below it have used. It moves less with the machine than rates do."""
    ticks = {one: stat[1] for one, stat in _stats().items()}
    return sum(ticks.get(one, 0) for one in family(pid)) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> set[int]:
    """Give a process and those below it."""
    stats = _stats()
    found = wanted = {pid}
    while wanted:
        wanted = {child for child, (parent, _ticks) in stats.items() if parent in wanted}
        found = found | wanted
    return found


def _stats() -> dict[int, tuple[int, int]]:
    """Give the parent and the CPU time of each process."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            stats[int(path.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    return stats


@dataclass
class Client:
    """Posts over one connection, as wandb-core does."""

    port: int
    path: str
    headers: dict[str, str]
    begin_at: float = 0
    every: float = 0

    def post_all(self, bodies: list[bytes], waits: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for number, body in enumerate(bodies):
            time.sleep(max(0.0, self.begin_at + number * self.every - time.perf_counter()))
            begun = time.perf_counter()
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            said = answer.read()
            waits.append(1000 * (time.perf_counter() - begun))
            assert answer.status == 200, said
        connection.close()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")
