"""The task queue (django-q2), and its only door. It carries no data: a lost wake-up costs latency, never an event."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

from events.models import WakeUp

logger = logging.getLogger(__name__)

# The queue or the database does not answer. Redis has an error of its own for it.
_OUT_OF_REACH = (DatabaseError, OSError, RedisError)
# How often it is told that wake-ups are lost.
_TOLD_SECONDS = 60.0
_told_at = [-_TOLD_SECONDS]


def wake() -> None:
    """Ask for the engine, once however often it is asked before it comes."""
    try:
        # The engine clears the flag before it looks: whoever still sees it set will be seen.
        if WakeUp.objects.filter(pk=1, requested=True).exists():
            return
        WakeUp.objects.update_or_create(pk=1, defaults={"requested": True})
        _enqueue(settings.ENGINE_TASK)
    except _OUT_OF_REACH as error:
        _log_lost(error)


def sweep() -> bool:
    """Ask for the look at what fell between two chairs; give whether it could be asked for.

    The worker's supervisor does, each second. False only where the database is away: the pool then waits for it too.
    """
    try:
        # While nobody takes what waits, more of it would only pile up.
        if _broker().queue_size() == 0:
            _enqueue(settings.SWEEP_TASK)
    except _OUT_OF_REACH as error:
        _log_lost(error)
        return not isinstance(error, DatabaseError)
    return True


def is_answering() -> bool:
    """Whether the queue's broker can be reached. Work goes on without it."""
    return bool(_broker().ping())


def clear_wake_up() -> None:
    """Clear the wake-up flag, for the engine has come: the next event wakes it anew."""
    if WakeUp.objects.filter(pk=1, requested=True).exists():
        WakeUp.objects.filter(pk=1).update(requested=False)


def _enqueue(task: str) -> None:
    async_task(task, broker=_broker())


@cache
def _broker() -> Any:
    # Kept: with Redis each new broker opens a connection of its own (3.1 ms in place of 0.23 ms).
    return get_broker()


def _log_lost(error: Exception) -> None:
    # The event is in the database, and the sweep finds it: the caller's work is done. Told now and then alone.
    if time.monotonic() - _told_at[0] > _TOLD_SECONDS:
        _told_at[0] = time.monotonic()
        logger.warning("a wake-up was lost and the sweep will do: %s", error.__class__.__name__)
