"""Dispatch: deliveries between their claim and their end, so many at once to each receiver."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import InterfaceError, OperationalError

from automations.delivery import claims, sending
from automations.delivery.sending import PreparedDelivery, SendResult
from automations.models import Execution
from common.data.leases import new_lease
from common.plugins import UnknownKey
from common.processes import crash_points
from outbound.provider import provider_of
from outbound.web_provider import deadline_seconds

logger = logging.getLogger(__name__)

# How many may wait for a receiver that answers, beside those under way: a claim costs as much as a few deliveries.
_MOST_AHEAD = 32
# How long the first answer waits for others: one transaction costs nearly as much as one for all of them.
_TOGETHER_SECONDS = 0.002
# How often it looks for new work while deliveries are under way.
_LOOK_SECONDS = 0.02
# However long that takes, others do not wait longer for it.
_LOOK_AGAIN_SECONDS = 0.2
# When a receiver of this process that wants its deliveries spaced may get the next: no matter under which lease.
_next_at: dict[str, float] = {}


class Dispatch:
    """One lease and what is held under it. The main thread touches the database, the others only the network."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._lease = new_lease()
        self._waiting: dict[str, deque[tuple[float, PreparedDelivery]]] = {}
        self._under_way: Counter[str] = Counter()
        self._back: SimpleQueue[SendResult] = SimpleQueue()
        self._came: list[SendResult] = []
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
        """Take more: for receivers that run dry at once, for others when it is time to look for them."""
        if self.busy and self._alone:
            return
        claimed = self._more() if self.busy and time.monotonic() < self._look_at else self._claim_anew()
        self._add(claimed)

    def hold_new(self, executions: Sequence[Execution]) -> list[Execution]:
        """Take new executions before they are stored, where nothing stands before them; give those.

        In the transaction that stores them. `go` once that is committed. Many of them wait for their turn.
        """
        if self._alone or not 0 < len(executions) <= claims.MOST_AT_ONCE:
            return []
        held = self._held()
        if len(executions) > self._free(held) - 2 * settings.DELIVERY_THREADS:
            return []
        return claims.hold_new(self._lease, executions, lambda key: self._room(key) - held[key])

    def go(self, stored: Sequence[Execution]) -> None:
        """Send at once what was taken and stored."""
        if not stored:
            return
        if not self.busy:
            # What else is due is looked for in a moment: now it would only keep these.
            self._look_at = time.monotonic() + _LOOK_SECONDS
        self._ended |= {execution.receiver_key for execution in stored}
        self._add(stored)
        self._start()

    def _add(self, claimed: Sequence[Execution]) -> None:
        if not claimed:
            return
        crash_points.reached("delivery.claimed")
        deliveries, refused = sending.prepare(claimed)
        sending.store(self._lease, refused)
        self._hold_longer(deliveries)
        now = time.monotonic()
        for delivery in deliveries:
            self._waiting.setdefault(delivery.execution.receiver_key, deque()).append((now, delivery))

    def _claim_anew(self) -> list[Execution]:
        begun_at = time.monotonic()
        if not claims.has_due():
            self._alone = False
            self._note_look(begun_at)
            return []
        held = self._held()
        claimed = [] if self.busy else claims.claim_last_chance(self._lease)
        self._alone = bool(claimed)
        if not claimed:
            claimed = claims.claim(self._lease, lambda key: self._room(key) - held[key], self._free(held))
        self._note_look(begun_at)
        return claimed

    def _note_look(self, begun_at: float) -> None:
        self._ended.clear()
        now = time.monotonic()
        # A long queue is long to look through: about a twentieth of the time goes into that.
        self._look_at = now + min(max(_LOOK_SECONDS, 19 * (now - begun_at)), _LOOK_AGAIN_SECONDS)

    def _more(self) -> list[Execution]:
        """Go on with the receivers that answer. Half of the places stay free for those that a look finds."""
        held = self._held()
        free = self._free(held) - 2 * settings.DELIVERY_THREADS
        rooms: dict[str, int] = {}
        for key in self._answered:
            is_dry = len(self._waiting.get(key, ())) < settings.RECEIVER_CONCURRENCY
            room = min(self._room(key) - held[key], free)
            if is_dry and room >= settings.RECEIVER_CONCURRENCY and key not in self._ended:
                rooms[key] = room
                free -= room
        if not rooms:
            return []
        claimed = claims.claim_more(self._lease, rooms)
        found = Counter(execution.receiver_key for execution in claimed)
        self._ended |= {key for key, room in rooms.items() if found[key] < room}
        return claimed

    def turn(self) -> int:
        """Wait for an answer, store what came back, and let the next go; give how many came back."""
        self._start()
        self._came += self._come_back()
        self._hold_back(sent.execution.receiver_key for sent in self._came if sent.record.outcome.announced)
        self._store()
        # Only now: what a killed worker had not stored is sent again, so it still takes its place at its receiver.
        came, self._came = self._came, []
        for sent in came:
            self._under_way[sent.execution.receiver_key] -= 1
            self._answered[sent.execution.receiver_key] += 1
        self._start()
        return len(came)

    def _store(self) -> None:
        """Write down what came back. When that fails, it is kept for the next turn."""
        # A commit that failed may have been one.
        results = sending.still_held(self._lease, self._came) if self._unsure else self._came
        self._unsure = True
        try:
            sending.store(self._lease, results)
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception("what came back cannot be stored together")
            sending.store_singly(self._lease, results)
        self._unsure = False

    def give_back(self) -> None:
        """Free everything that has not begun."""
        deliveries = [delivery for waiting in self._waiting.values() for _since, delivery in waiting]
        claims.give_back(self._lease, [delivery.execution for delivery in deliveries])
        self._waiting.clear()

    def note_stop(self) -> None:
        """Free everything that has not begun, and let what is under way count as no loss, however this process ends."""
        self.give_back()
        if self.busy:
            self._lease = claims.note_stop(self._lease)

    def interrupt(self) -> None:
        """Wait for nothing any longer: what is still under way is sent again, by whoever comes next."""
        self._came += self._come_back()
        self._store()
        self._came = []
        claims.interrupt(self._lease)
        self._under_way.clear()

    def _hold_back(self, receiver_keys: Iterable[str]) -> None:
        """Free what waits for receivers that said when to come again: it is put off with what they answered."""
        deliveries = [delivery for key in receiver_keys for _since, delivery in self._waiting.pop(key, ())]
        claims.give_back(self._lease, [delivery.execution for delivery in deliveries])

    def _hold_longer(self, deliveries: Iterable[PreparedDelivery]) -> None:
        """Keep those with a longer deadline than the lease was made for, or others would take them for lost."""
        times = {delivery.execution.pk: deadline_seconds(delivery.outgoing.receiver) for delivery in deliveries}
        slow = [
            delivery.execution
            for delivery in deliveries
            if times[delivery.execution.pk] > settings.DELIVERY_DEADLINE_SECONDS
        ]
        if slow:
            claims.extend(self._lease, slow, deadline_seconds=max(times[one.pk] for one in slow))

    def _room(self, key: str) -> int:
        """Give how many of this receiver may be held: few at first, so that one that hangs takes no other's place."""
        ahead = 0 if _spacing(key) else min(self._answered[key], _MOST_AHEAD)
        return settings.RECEIVER_CONCURRENCY + ahead

    def _free(self, held: Counter[str]) -> int:
        return 4 * settings.DELIVERY_THREADS - held.total()

    def _start(self) -> None:
        """Send what may go: at most so many to one receiver, the receivers in turn."""
        late: list[PreparedDelivery] = []
        while True:
            free = settings.DELIVERY_THREADS - self._under_way.total()
            turn = [key for key in self._waiting if self._may_go(key)]
            if not turn or free <= 0:
                break
            for key in turn[:free]:
                since, delivery = self._next(key)
                if time.monotonic() - since > claims.TURN_SECONDS:
                    late.append(delivery)
                    continue
                self._under_way[key] += 1
                _note_start(key)
                self._threads.submit(self._send, delivery)
        if late:
            claims.give_back(self._lease, [delivery.execution for delivery in late])

    def _may_go(self, key: str) -> bool:
        if _spacing(key):
            return not self._under_way[key] and time.monotonic() >= _next_at.get(key, 0.0)
        return self._under_way[key] < settings.RECEIVER_CONCURRENCY

    def _send(self, delivery: PreparedDelivery) -> None:
        self._back.put(sending.deliver(delivery))

    def _come_back(self) -> list[SendResult]:
        """Wait for an answer, and a moment for those that come with it: they are stored together."""
        came: list[SendResult] = []
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

    def _next(self, key: str) -> tuple[float, PreparedDelivery]:
        waiting = self._waiting[key]
        found = waiting.popleft()
        if not waiting:
            del self._waiting[key]
        return found

    def _held(self) -> Counter[str]:
        held = self._under_way.copy()
        held.update({key: len(waiting) for key, waiting in self._waiting.items()})
        return held


@lru_cache(maxsize=4096)
def _spacing(key: str) -> float:
    """Give the seconds from one delivery to the next that the receiver's provider asks for."""
    try:
        return provider_of(key)[0].spacing_seconds
    except UnknownKey:
        return 0.0


def _note_start(key: str) -> None:
    seconds, now = _spacing(key), time.monotonic()
    if seconds:
        for passed in [one for one, at in _next_at.items() if at <= now]:
            del _next_at[passed]
        _next_at[key] = now + seconds
