"""Soak test: 20 events a second and 5 % failing receivers for 30 minutes (`make soak`, or SOAK_MINUTES=5 make soak).

Memory and descriptors of every process stay flat, the backlog goes back to 0, and the operator hears no false alarm.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

from bench.receiver import Receiver
from bench.setting import ROOT, Setting, prepared

_A_SECOND, _RECEIVERS, _FAILING = 20, 20, 1
_LOOK_SECONDS, _SETTLE_SECONDS = 10.0, 120.0
# What the failing receivers are right to raise.
_TRUE_ALARMS = {"receivers_failing", "executions_failed"}
# Of the last third beside the first after the warm-up.
_MOST_GROWTH, _MOST_MORE_FILES = 1.10, 12
_THREADS = threading.local()


@dataclass
class Sample:
    """Memory and open files of every process of a Runbell at one moment."""

    megabytes: float
    files: int


@dataclass
class Soak:
    url: str
    key: str
    serve: subprocess.Popen[bytes]
    samples: list[Sample] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    def run(self, seconds: float) -> None:
        """Start and fail runs evenly, and look at the processes now and then."""
        begun, sent, look_at = time.monotonic(), 0, 0.0
        with ThreadPoolExecutor(8) as threads:
            while (now := time.monotonic() - begun) < seconds:
                due = int(now * _A_SECOND) - sent
                for _ in range(due):
                    threads.submit(self._fail_one, sent)
                    sent += 1
                if now >= look_at:
                    self.samples.append(_sample(self.serve.pid))
                    look_at = now + _LOOK_SECONDS
                time.sleep(0.01)
        print(f"  {sent} events in {seconds / 60:.0f} minutes; answers {dict(self.answers)}", flush=True)

    def _fail_one(self, number: int) -> None:
        if not hasattr(_THREADS, "session"):
            _THREADS.session = requests.Session()
            _THREADS.session.headers["Authorization"] = f"Bearer {self.key}"
        project = f"{self.url}/api/v1/projects/soak{number % _RECEIVERS}/soak{number % _RECEIVERS}"
        finish = f"{project}/runs/run{number}/finish"
        for path, body in ((f"{project}/runs", {"name": f"run{number}"}), (finish, {"exit_code": 1})):
            self.answers[_THREADS.session.post(path, json=body, timeout=30).status_code] += 1

    def settle(self) -> tuple[float, float]:
        """Wait for the backlog to go; give for how long, and the oldest that waits in the end."""
        begun = time.monotonic()
        while True:
            waiting = self._oldest_seconds()
            if waiting == 0 or time.monotonic() - begun > _SETTLE_SECONDS:
                return time.monotonic() - begun, waiting
            time.sleep(1)

    def _oldest_seconds(self) -> float:
        names = ("runbell_events_oldest_seconds", "runbell_deliveries_oldest_due_seconds", "runbell_events_waiting")
        text = requests.get(f"{self.url}/metrics", timeout=30).text
        rows = (line.split() for line in text.splitlines() if line.startswith(names))
        return sum(float(row[1]) for row in rows)


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES", "30"))
    print(f"soak: {minutes:g} min, {_A_SECOND} events a second, {_FAILING} of {_RECEIVERS} receivers fail", flush=True)
    with prepared() as setting:
        key = _furnish(setting)
        with _serving(setting.receiver) as (url, serve):
            soak = Soak(url, key, serve)
            soak.run(60 * minutes)
            seconds, waiting = soak.settle()
            return _judged(soak, setting.receiver, seconds, waiting)


def _furnish(setting: Setting) -> str:
    """Have a project for each receiver, of which the first fail; give a key that may fail their runs."""
    from bench.scene import Failing
    from teams.accounts.api_key import create_key
    from teams.models import Membership, Role, User

    user = User.objects.create(username="soak")
    for number in range(_RECEIVERS):
        path = "fail" if number < _FAILING else "hook"
        failing = Failing.calling(setting.receiver.url(path), f"soak{number}")
        Membership.objects.create(team=failing.project.team, user=user, role=Role.MEMBER)
    return create_key(user, "soak")[1]


@contextmanager
def _serving(receiver: Receiver) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        **os.environ, "PORT": str(port), "RUNBELL_SAMPLE": "false", "RUNBELL_RETRY_SECONDS": "0,2,5",
        "RUNBELL_ALARM_WEBHOOK_URL": receiver.url("alarm"), "RUNBELL_SECRET_KEY": secrets.token_urlsafe(48),
        "RUNBELL_RATE_LIMIT_KEY": "0", "RUNBELL_RATE_LIMIT_PERSON": "0", "RUNBELL_RATE_LIMIT_ADDRESS": "0",
    }  # fmt: skip
    serve = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url, serve
    finally:
        serve.send_signal(signal.SIGTERM)
        serve.wait(timeout=90)


def _wait_until_ready(url: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if requests.get(f"{url}/readyz", timeout=10).status_code == 200:
                return
        time.sleep(0.5)
    raise SystemExit("it was not ready within 120 s")


def _judged(soak: Soak, receiver: Receiver, seconds: float, waiting: float) -> int:
    kept = soak.samples[len(soak.samples) // 4 :]
    third = max(1, len(kept) // 3)
    first, last = kept[:third], kept[-third:]
    memory = [median(one.megabytes for one in part) for part in (first, last)]
    files = [median(one.files for one in part) for part in (first, last)]
    false = sorted({key for key in receiver.alarms if key not in _TRUE_ALARMS})
    print(f"  memory of all processes   {memory[0]:6.0f} MB, then {memory[1]:6.0f} MB   target at most {_MOST_GROWTH}x")
    print(
        f"  open files                {files[0]:6.0f}   , then {files[1]:6.0f}      target at most +{_MOST_MORE_FILES}"
    )
    print(f"  backlog                   gone after {seconds:.0f} s, {waiting:.0f} s left   target 0 left")
    print(f"  false alarms              {', '.join(false) or 'none'}; true ones: {len(receiver.alarms) - len(false)}")
    print(f"  told of                   {len(receiver.arrived)} runs, {receiver.repeated} repeated")
    is_flat = memory[1] <= _MOST_GROWTH * memory[0] and files[1] <= files[0] + _MOST_MORE_FILES
    is_well = is_flat and not waiting and not false and set(soak.answers) <= {200, 201}
    print("  well" if is_well else "  NOT WELL", flush=True)
    return 0 if is_well else 1


def _sample(pid: int) -> Sample:
    """Add up what this process and all below it hold; what several share is divided among them."""
    pids = _below(pid)
    megabytes, files = 0.0, 0
    for one in pids:
        with suppress(OSError, IndexError, ValueError):
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            megabytes += int(rollup.partition("Pss:")[2].split()[0]) / 1024
            files += len(os.listdir(f"/proc/{one}/fd"))
    return Sample(megabytes, files)


def _below(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
