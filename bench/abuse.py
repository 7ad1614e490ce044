"""A healthy client beside each kind of abuse: its p99, the heartbeats of 50 runs, and what memory grows by.

The targets: p99 at most 3 times its own alone or 150 ms, whichever is more; no heartbeat missed; 200 MiB.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.abusers import KINDS
from bench.memory import mebibytes
from bench.setting import ROOT, Setting, percentile
from bench.web import served

_SECONDS, _RUNS, _BEAT_SECONDS, _ASK_SECONDS = 20, 50, 5.0, 0.02
_AIM, _TIMES, _GROWTH = 150.0, 3, 200
# Until what the abuser before left behind is answered.
_REST_SECONDS = 3


def measure(setting: Setting) -> None:
    from bench.scene import Posters

    posters, abuser = Posters.make(), Posters.another_person("abuser")
    paths = posters.paths("abuse", _RUNS)
    with served() as (port, server):
        healthy = _Healthy(port, posters.headers, paths)
        healthy.measured(3)
        own, before = healthy.measured(_SECONDS), mebibytes(server)
        aim = max(_AIM, _TIMES * own.p99)
        print(f"  {'alone':34} {own}", flush=True)
        kept = not own.missed
        for kind in KINDS:
            with _beside(kind, port, abuser):
                time.sleep(2)
                found, grown = healthy.measured(_SECONDS), mebibytes(server) - before
            good = found.p99 <= aim and not found.missed and not found.failed and grown <= _GROWTH
            times = f"{found.p99 / own.p99:4.1f} x alone   memory {grown:+4.0f} MiB"
            print(f"  {kind:34} {found}   {times}   {'kept' if good else 'MISSED'}", flush=True)
            kept = kept and good
            time.sleep(_REST_SECONDS)
        print(
            f"  target: p99 at most {_TIMES} x alone or {_AIM:.0f} ms, whichever is more (here {aim:.0f} ms), no "
            f"heartbeat missed, at most +{_GROWTH} MiB: {'kept' if kept else 'MISSED'}"
        )


@contextmanager
def _beside(kind: str, port: int, key: str) -> Iterator[None]:
    abuser = subprocess.Popen([sys.executable, "-m", "bench.abusers", kind, str(port), key], cwd=ROOT)
    try:
        yield
    finally:
        abuser.kill()
        abuser.wait()


@dataclass
class _Counts:
    waits: list[float] = field(default_factory=list)
    beats: int = 0
    missed: int = 0
    failed: int = 0

    @property
    def p99(self) -> float:
        return percentile(self.waits, 0.99)

    def __str__(self) -> str:
        times = f"p50 {percentile(self.waits, 0.5):4.0f} ms   p99 {self.p99:4.0f} ms   of {len(self.waits)}"
        return f"{times}, {self.failed} failed   {self.missed} of {self.beats} heartbeats missed"


@dataclass
class _Healthy:
    """Somebody who looks at runs, and 50 runs that say each five seconds that they are alive."""

    port: int
    headers: dict[str, str]
    paths: list[str]
    counting: threading.Lock = field(default_factory=threading.Lock)

    def measured(self, seconds: float) -> _Counts:
        found, until = _Counts(), time.monotonic() + seconds
        threads = [threading.Thread(target=self._send_heartbeats, args=(path, until, found)) for path in self.paths]
        threads.append(threading.Thread(target=self._ask_pages, args=(until, found)))
        for place, thread in enumerate(threads):
            thread.start()
            # Spread over the time between two beats.
            time.sleep(_BEAT_SECONDS / 2 / len(threads) if place < len(self.paths) else 0)
        for thread in threads:
            thread.join()
        return found

    def _ask_pages(self, until: float, found: _Counts) -> None:
        while time.monotonic() < until:
            begun = time.perf_counter()
            answered = self._is_answered("GET", "/api/v1/projects/bench/bench/runs?page_size=5", timeout=30)
            found.waits.append(1000 * (time.perf_counter() - begun))
            found.failed += not answered
            time.sleep(_ASK_SECONDS)

    def _send_heartbeats(self, path: str, until: float, found: _Counts) -> None:
        while (begun := time.monotonic()) < until:
            answered = self._is_answered("POST", path, timeout=_BEAT_SECONDS)
            # By 50 threads: a sum that is read before the question would lose what the others count meanwhile.
            with self.counting:
                found.beats += 1
                found.missed += not answered
            time.sleep(max(0.0, begun + _BEAT_SECONDS - time.monotonic()))

    def _is_answered(self, method: str, path: str, timeout: float) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, "{}" if method == "POST" else None, self.headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return answer.status == 200
