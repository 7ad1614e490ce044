"""Rolling restarts of two hosts over a queue of due deliveries: how late these get, and whether any is repeated.

On PostgreSQL, which two hosts can share. The same queue is drained without a restart first, by the same workers.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench import on_postgresql
from bench.setting import ROOT, Setting, percentile

_COUNT, _RESTARTS = 1000, 10
# Each answer takes so long, so that the queue lasts as long as the restarts.
_ANSWER_SECONDS = 0.25
_MOST_SECONDS = 180


def measure(setting: Setting) -> None:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        on_postgresql.again("restarts")
        return
    from bench.scene import Failing

    failing = Failing.calling(setting.receiver.url(f"hook?wait={_ANSWER_SECONDS}"))
    with tempfile.TemporaryDirectory(prefix="runbell-bench-") as second:
        hosts = _Hosts([Path(os.environ["RUNBELL_DATA_DIR"]), Path(second)])
        with hosts.at_work():
            failing.fail_at_once(20, "warm")
            setting.receiver.wait_for(20, 60)
            without = _drained(setting, failing, "without")
            with_restarts = _drained(setting, failing, "restarted", hosts)
    difference = percentile(with_restarts, 0.99) - percentile(without, 0.99)
    print(f"  p99 of lateness, beside the same queue without restarts   {difference:+6.2f} s   target at most +2 s")
    print(f"  repeated {setting.receiver.repeated}, {_repeats_and_failures()}   target 0, 0, 0")


def _drained(setting: Setting, failing: object, prefix: str, hosts: _Hosts | None = None) -> list[float]:
    """Let so many deliveries fall due at once; give the seconds until each arrived, as rolling restarts go on."""
    there, begun = len(setting.receiver.arrived), time.time()
    failing.fail_at_once(_COUNT, prefix)  # type: ignore[attr-defined]
    restarts = hosts.restart_in_turn() if hosts else iter(())
    # The next begins when the one before lives again, for as long as the queue lasts.
    done = sum(1 for _ in restarts)
    setting.receiver.wait_for(there + _COUNT, _MOST_SECONDS)
    arrived = setting.receiver.arrived
    late = [at - begun for name, at in arrived.items() if name.startswith(prefix)]
    p50, p99, last = percentile(late, 0.5), percentile(late, 0.99), max(late)
    pauses = sorted((after - before for before, after in pairwise(sorted(late))), reverse=True)[:_RESTARTS]
    about = f"{_COUNT} due, {done} restarts" if hosts else f"{_COUNT} due, no restart"
    print(f"  {about:26}  lateness p50 {p50:5.2f} s   p99 {p99:5.2f} s   last {last:5.2f} s", flush=True)
    print(f"  {'the longest pauses':26}  {', '.join(f'{pause:.1f}' for pause in pauses)} s", flush=True)
    return late


def _repeats_and_failures() -> str:
    from automations.models import Attempt, Execution

    failed = Execution.objects.exclude(state="delivered").count()
    return f"failed or waiting {failed}, attempts that are no first {Attempt.objects.filter(number__gt=1).count()}"


@dataclass
class _Host:
    environment: dict[str, str]
    worker: subprocess.Popen[bytes]


class _Hosts:
    """Two data folders with one key and one database, as two machines have them; a worker on each."""

    def __init__(self, folders: list[Path]) -> None:
        for key in ("secret.key", "fernet.key"):
            shutil.copy(folders[0] / key, folders[1] / key)
        self._environments = [{**os.environ, "RUNBELL_DATA_DIR": str(folder)} for folder in folders]
        self._hosts: list[_Host] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._hosts = [_Host(environment, _worker(environment)) for environment in self._environments]
        try:
            for environment in self._environments:
                _wait_for_sign_of_life(Path(environment["RUNBELL_DATA_DIR"]))
            yield
        finally:
            for host in self._hosts:
                host.worker.terminate()
            for host in self._hosts:
                host.worker.wait(timeout=60)

    def restart_in_turn(self) -> Iterator[int]:
        """SIGTERM, wait for the end, start anew, wait for a sign of life; then the other one."""
        for number in range(_RESTARTS):
            host = self._hosts[number % len(self._hosts)]
            host.worker.send_signal(signal.SIGTERM)
            host.worker.wait(timeout=60)
            host.worker = _worker(host.environment)
            _wait_for_sign_of_life(Path(host.environment["RUNBELL_DATA_DIR"]))
            yield number


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment)


def _wait_for_sign_of_life(folder: Path) -> None:
    """Wait until a worker of this folder beats: the row has the name of a file that each supervisor makes anew."""
    from events.models import WorkerHeartbeat

    until = time.monotonic() + 60
    while time.monotonic() < until:
        beating = {name.rpartition(" ")[2] for name in WorkerHeartbeat.objects.values_list("name", flat=True)}
        if any(file.name in beating for file in folder.glob("heartbeat-*")):
            return
        time.sleep(0.05)
    raise SystemExit("a worker gave no sign of life within 60 s")
