"""Deliveries between their claim and their end: who waits, who is under way, who may go next."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import InterfaceError, OperationalError

from automations.engine import claims, delivery
from automations.engine.delivery import Parcel, Sent
from automations.models import Execution
from common import crashes
from common.leases import new_lease
from common.registry import UnknownKey
from integrations.provider import provider_of
from integrations.sending import deadline_seconds

logger = logging.getLogger(__name__)

# How many may wait for a target that answers, beside those under way: a claim costs as much as a few deliveries.
_MOST_AHEAD = 32
# How long the first answer waits for others: one transaction costs nearly as much as one for all of them.
_TOGETHER_SECONDS = 0.002
# How often it looks for new work while deliveries are under way.
_LOOK_SECONDS = 0.02
# However long that takes, others do not wait longer for it.
_LOOK_AGAIN_SECONDS = 0.2
# When a target of this process that wants its deliveries spaced may get the next: no matter under which lease.
_next_at: dict[str, float] = {}


class Dispatch:
    """One lease and what is held under it. The main thread touches the database, the others only the network."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._lease = new_lease()
        self._waiting: dict[str, deque[tuple[float, Parcel]]] = {}
        self._under_way: Counter[str] = Counter()
        self._back: SimpleQueue[Sent] = SimpleQueue()
        self._came: list[Sent] = []
        self._unsure = False
        self._answered: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._look_at = 0.0
        self._alone = False

    @property
    def busy(self) -> bool:
        return self.has_waiting or self._under_way.total() > 0

    @property
    def has_waiting(self) -> bool:
        """Whether it holds what cannot go yet."""
        return bool(self._waiting)

    def claim(self) -> None:
        """Take more: for targets that run dry at once, for others when it is time to look for them."""
        if self.busy and self._alone:
            return
        claimed = self._more() if self.busy and time.monotonic() < self._look_at else self._look()
        if claimed:
            crashes.reached("delivery.claimed")
        parcels, refused = delivery.pack(claimed)
        delivery.store(self._lease, refused)
        self._hold_longer(parcels)
        now = time.monotonic()
        for parcel in parcels:
            self._waiting.setdefault(parcel.execution.target, deque()).append((now, parcel))

    def _look(self) -> list[Execution]:
        begun_at = time.monotonic()
        held = self._held()
        claimed = [] if self.busy else claims.claim_last_chance(self._lease)
        self._alone = bool(claimed)
        if not claimed:
            claimed = claims.claim(self._lease, lambda target: self._room(target) - held[target], self._free(held))
        self._ended.clear()
        now = time.monotonic()
        # A long queue is long to look through: about a twentieth of the time goes into that.
        self._look_at = now + min(max(_LOOK_SECONDS, 19 * (now - begun_at)), _LOOK_AGAIN_SECONDS)
        return claimed

    def _more(self) -> list[Execution]:
        """Go on with the targets that answer. Half of the places stay free for those that a look finds."""
        held = self._held()
        free = self._free(held) - 2 * settings.DELIVERY_THREADS
        rooms: dict[str, int] = {}
        for target in self._answered:
            is_dry = len(self._waiting.get(target, ())) < settings.ENDPOINT_CONCURRENCY
            room = min(self._room(target) - held[target], free)
            if is_dry and room >= settings.ENDPOINT_CONCURRENCY and target not in self._ended:
                rooms[target] = room
                free -= room
        if not rooms:
            return []
        claimed = claims.claim_more(self._lease, rooms)
        found = Counter(execution.target for execution in claimed)
        self._ended |= {target for target, room in rooms.items() if found[target] < room}
        return claimed

    def turn(self) -> int:
        """Wait for an answer, store what came back, and let the next go; give how many came back."""
        self._start()
        self._came += self._come_back()
        self._hold_back(sent.execution.target for sent in self._came if sent.record.outcome.announced)
        self._store()
        # Only now: what a killed worker had not stored is sent again, so it still takes its place at its receiver.
        came, self._came = self._came, []
        for sent in came:
            self._under_way[sent.execution.target] -= 1
            self._answered[sent.execution.target] += 1
        self._start()
        return len(came)

    def _store(self) -> None:
        """Write down what came back. When that fails, it is kept for the next turn."""
        # A commit that failed may have been one.
        results = delivery.still_held(self._lease, self._came) if self._unsure else self._came
        self._unsure = True
        try:
            delivery.store(self._lease, results)
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception("what came back cannot be stored together")
            delivery.store_singly(self._lease, results)
        self._unsure = False

    def give_back(self) -> None:
        """Free everything that has not begun."""
        parcels = [parcel for waiting in self._waiting.values() for _since, parcel in waiting]
        claims.give_back(self._lease, [parcel.execution for parcel in parcels])
        self._waiting.clear()

    def _hold_back(self, targets: Iterable[str]) -> None:
        """Free what waits for targets that said when to come again: it is put off with what they answered."""
        parcels = [parcel for target in targets for _since, parcel in self._waiting.pop(target, ())]
        claims.give_back(self._lease, [parcel.execution for parcel in parcels])

    def _hold_longer(self, parcels: Iterable[Parcel]) -> None:
        """Keep those with a longer deadline than the lease was made for, or others would take them for lost."""
        times = {parcel.execution.pk: deadline_seconds(parcel.outgoing.endpoint) for parcel in parcels}
        slow = [
            parcel.execution for parcel in parcels if times[parcel.execution.pk] > settings.DELIVERY_DEADLINE_SECONDS
        ]
        if slow:
            claims.extend(self._lease, slow, deadline_seconds=max(times[one.pk] for one in slow))

    def _room(self, target: str) -> int:
        """Give how many of this target may be held: few at first, so that one that hangs takes no other's place."""
        ahead = 0 if _spacing(target) else min(self._answered[target], _MOST_AHEAD)
        return settings.ENDPOINT_CONCURRENCY + ahead

    def _free(self, held: Counter[str]) -> int:
        return 4 * settings.DELIVERY_THREADS - held.total()

    def _start(self) -> None:
        """Send what may go: at most so many to one target, the targets in turn."""
        late: list[Parcel] = []
        while True:
            free = settings.DELIVERY_THREADS - self._under_way.total()
            turn = [target for target in self._waiting if self._may_go(target)]
            if not turn or free <= 0:
                break
            for target in turn[:free]:
                since, parcel = self._next(target)
                if time.monotonic() - since > claims.TURN_SECONDS:
                    late.append(parcel)
                    continue
                self._under_way[target] += 1
                _note_start(target)
                self._threads.submit(self._send, parcel)
        if late:
            claims.give_back(self._lease, [parcel.execution for parcel in late])

    def _may_go(self, target: str) -> bool:
        if _spacing(target):
            return not self._under_way[target] and time.monotonic() >= _next_at.get(target, 0.0)
        return self._under_way[target] < settings.ENDPOINT_CONCURRENCY

    def _send(self, parcel: Parcel) -> None:
        self._back.put(delivery.deliver(parcel))

    def _come_back(self) -> list[Sent]:
        """Wait for an answer, and a moment for those that come with it: they are stored together."""
        came: list[Sent] = []
        under_way = self._under_way.total()
        if under_way:
            with suppress(Empty):
                came.append(self._back.get(timeout=_LOOK_SECONDS))
                until = time.monotonic() + _TOGETHER_SECONDS
                while len(came) < under_way:
                    came.append(self._back.get(timeout=max(until - time.monotonic(), 0)))
        elif self._waiting:
            # For their turn: nothing can come back meanwhile.
            time.sleep(_LOOK_SECONDS)
        return came

    def _next(self, target: str) -> tuple[float, Parcel]:
        waiting = self._waiting[target]
        found = waiting.popleft()
        if not waiting:
            del self._waiting[target]
        return found

    def _held(self) -> Counter[str]:
        held = self._under_way.copy()
        held.update({target: len(waiting) for target, waiting in self._waiting.items()})
        return held


@lru_cache(maxsize=4096)
def _spacing(target: str) -> float:
    """Give the seconds from one delivery to the next that the target's provider asks for."""
    try:
        return provider_of(target)[0].spacing_seconds
    except UnknownKey:
        return 0.0


def _note_start(target: str) -> None:
    seconds, now = _spacing(target), time.monotonic()
    if seconds:
        for passed in [one for one, at in _next_at.items() if at <= now]:
            del _next_at[passed]
        _next_at[target] = now + seconds
