"""The worker loop: judge, claim, send, store, until nothing is left to do."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from automations.delivery.dispatch import Dispatch
from automations.engine import evaluation
from events import worker_drain, worker_heartbeat

logger = logging.getLogger(__name__)

# How long one call goes on taking new work: the queue's own time-out comes after that and a last deadline.
LONGEST_SECONDS = 20.0
# How often it looks for events while deliveries are under way.
_JUDGE_SECONDS = 0.02
# The same while its receivers answer and more waits for them: another worker is woken for what is new.
_JUDGE_SELDOM_SECONDS = 0.3
# How long before its end a worker that was asked to stop gives up what is under way: for the storing.
_STORE_SECONDS = 1.0
# How often it asks a database that is away, and how long it keeps the answers that could not be stored.
_ASK_SECONDS, _KEEP_SECONDS = 0.5, 20.0


def run(seconds: float = LONGEST_SECONDS) -> bool:
    """Work until nothing is left (True), or the time is over (False); what is under way by then is waited for.

    Where the worker is asked to stop, its time is over at once, and it waits for so long as it was told.
    """
    loop = _WorkerLoop(seconds)
    while True:
        worker_heartbeat.record_worker_heartbeat()
        try:
            found_work = loop.turn()
        except (InterfaceError, OperationalError) as error:
            if not loop.may_wait():
                raise
            # What was answered would be sent again: kept, it is stored when the database is back.
            logger.warning("the database is away; what came back waits for it: %s", error.__class__.__name__)
            connection.close()
            time.sleep(_ASK_SECONDS)
            continue
        except Exception:
            loop.drain()
            raise
        if not found_work:
            return loop.is_in_time


class _WorkerLoop:
    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._dispatch = Dispatch(_threads())
        self._judge_at = 0.0
        self.is_in_time = True
        self._flows = False
        self._has_noted_stop = False

    def turn(self) -> bool:
        """Do a little of everything; give whether there may be more."""
        now, judged = time.monotonic(), 0
        stop_at = worker_drain.stop_at()
        if stop_at is not None:
            return self._stop(stop_at)
        self.is_in_time = now < self._until
        if self.is_in_time and (now >= self._judge_at or not self._dispatch.busy):
            judged = evaluation.evaluate(self._dispatch)
            self._judge_at = time.monotonic() + (_JUDGE_SELDOM_SECONDS if self._flows else _JUDGE_SECONDS)
        if self.is_in_time:
            self._dispatch.claim()
        else:
            self._dispatch.give_back()
        finished = self._dispatch.turn()
        self._flows = finished > 0 and self._dispatch.has_waiting
        return self._dispatch.busy or (self.is_in_time and (judged or finished) > 0)

    def _stop(self, stop_at: float) -> bool:
        """Take on nothing, and finish what is under way; give whether there is any."""
        self.is_in_time = False
        if not self._has_noted_stop:
            self._dispatch.note_stop()
            self._has_noted_stop = True
        if time.monotonic() >= stop_at - _STORE_SECONDS:
            self._dispatch.interrupt()
        self._dispatch.turn()
        return self._dispatch.busy

    def drain(self) -> None:
        """Let what is under way come back and be stored: whatever went wrong, it would be sent again otherwise."""
        with suppress(Exception):
            self._dispatch.give_back()
        while self._dispatch.busy and time.monotonic() < self._until + _KEEP_SECONDS:
            worker_heartbeat.record_worker_heartbeat()
            try:
                self._dispatch.turn()
            except Exception:
                logger.exception("what came back cannot be stored")
                time.sleep(_ASK_SECONDS)

    def may_wait(self) -> bool:
        """Whether there is something to keep, and the time for it."""
        return self._dispatch.busy and time.monotonic() < self._until + _KEEP_SECONDS


@cache
def _threads() -> ThreadPoolExecutor:
    # Made at first use, so after the queue's fork.
    return ThreadPoolExecutor(settings.DELIVERY_THREADS, thread_name_prefix="delivery")
