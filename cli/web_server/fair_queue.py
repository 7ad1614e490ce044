"""Fair queueing: whose request gets the next thread, by the CPU time that each client has used lately.

Threads share one CPU under Python's lock. Served in the order in which they came, 50 dear requests a second of one
client keep all threads computing, and everybody waits behind them. Here who has used least goes first; while others
ask too nobody has more than half of the threads, and who has a large share of what was computed lately has one, and
waits while two of others compute. What was used is forgotten in seconds, so nobody waits for ever. Alone, a client has
all threads.

Not locked: the poller alone asks.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

Job = TypeVar("Job")

# How long what was used counts: after so many seconds a third of it is left.
_MEMORY_SECONDS = 2.0
# A large share of it. Not a time: on a machine where others work too, there is less of it to be had.
_LARGE_SHARE, _LITTLE_SECONDS = 0.25, 0.05
# So many threads may be busy, and somebody who uses much gets one all the same.
_BESIDE_HEAVY = 2
# For so long after a request of theirs the others are there.
_OTHERS_SECONDS = 2.0
# Less than this was used is nothing; more lanes than that are looked through for such.
_FORGOTTEN, _MOST_LANES = 1e-3, 500


class Lane(NamedTuple):
    """Whose request it is, and by which door it came: a script that went wild does not keep its person from pages."""

    client: str
    door: str


@dataclass
class _Waiting(Generic[Job]):
    jobs: deque[Job] = field(default_factory=deque)
    running: int = 0
    used: float = 0.0
    at: float = 0.0

    def used_until(self, now: float) -> float:
        return self.used * math.exp((self.at - now) / _MEMORY_SECONDS)


class FairQueue(Generic[Job]):
    def __init__(self, threads: int, most_waiting: int) -> None:
        self._threads, self._most_waiting = threads, most_waiting
        self._running = 0
        self._lanes: dict[Lane, _Waiting[Job]] = {}
        self._seen: dict[str, float] = {}

    def put(self, lane: Lane, job: Job) -> bool:
        """Let it wait; False where so many of the lane wait already that it is to be refused."""
        self._seen[lane.client] = time.monotonic()
        waiting = self._lanes.setdefault(lane, _Waiting())
        if len(waiting.jobs) >= self._most_waiting:
            return False
        waiting.jobs.append(job)
        return True

    def take(self) -> Job | None:
        """Give who is next; None where no thread is free, or nobody may have it."""
        waiting = [(lane, one) for lane, one in self._lanes.items() if one.jobs]
        if not waiting or self._running >= self._threads:
            return None
        now = time.monotonic()
        total = sum(one.used_until(now) for one in self._lanes.values())
        free = [
            (one.used_until(now), place)
            for place, (lane, one) in enumerate(waiting)
            if one.running < self._most_running(lane, one, total, now)
        ]
        if not free:
            return None
        _lane, chosen = waiting[min(free)[1]]
        chosen.running += 1
        self._running += 1
        return chosen.jobs.popleft()

    def done(self, lane: Lane, cpu_seconds: float) -> None:
        """Give the thread back, and count what was used."""
        now, one = time.monotonic(), self._lanes[lane]
        one.used, one.at = one.used_until(now) + cpu_seconds, now
        one.running -= 1
        self._running -= 1
        if not self._running or len(self._lanes) > _MOST_LANES:
            self._forget(now)

    def _most_running(self, lane: Lane, one: _Waiting[Job], total: float, now: float) -> int:
        if not self._are_others(lane.client, now):
            return self._threads
        is_heavy = one.used_until(now) > max(_LARGE_SHARE * total, _LITTLE_SECONDS)
        if is_heavy:
            return 1 if self._running < _BESIDE_HEAVY else 0
        return max(1, self._threads // 2)

    def _are_others(self, client: str, now: float) -> bool:
        return any(one != client and now - at < _OTHERS_SECONDS for one, at in self._seen.items())

    def _forget(self, now: float) -> None:
        """Drop who is not here any more."""
        self._seen = {one: at for one, at in self._seen.items() if now - at < _OTHERS_SECONDS}
        self._lanes = {
            lane: one
            for lane, one in self._lanes.items()
            if one.jobs or one.running or one.used_until(now) > _FORGOTTEN
        }
