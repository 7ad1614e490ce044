"""The task queue (django-q2), and its only door. It carries no data: a lost wake-up costs latency, never an event."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django_q.brokers import get_broker
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# The queue or the database does not answer. Redis has an error of its own for it.
_OUT_OF_REACH = (DatabaseError, OSError, RedisError)
# How often it is told that wake-ups are lost.
_TOLD_SECONDS = 60.0
_told_at = [-_TOLD_SECONDS]


def wake() -> None:
    """Ask for the engine. After the commit: who comes at once is to see what was written."""
    _ring(settings.ENGINE_TASK)


def sweep() -> bool:
    """Ask for the look at what fell between two chairs; give whether it could be asked for.

    The worker's supervisor does, each second.
    """
    return _ring(settings.SWEEP_TASK)


def is_answering() -> bool:
    """Whether the queue's broker can be reached. Work goes on without it."""
    return bool(_broker().ping())


def note_come() -> None:
    """Note that the engine has come, before it looks: the next event wakes it anew."""
    with suppress(*_OUT_OF_REACH):
        _broker().note_come()


def _ring(task: str) -> bool:
    try:
        _broker().ring(task)
    except _OUT_OF_REACH as error:
        _log_lost(error)
        return not isinstance(error, DatabaseError)
    return True


@cache
def _broker() -> Any:
    # Kept: with Redis each new broker opens a connection of its own (3.1 ms in place of 0.23 ms).
    return get_broker()


def _log_lost(error: Exception) -> None:
    # The event is in the database, and the sweep finds it: the caller's work is done. Told now and then alone.
    if time.monotonic() - _told_at[0] > _TOLD_SECONDS:
        _told_at[0] = time.monotonic()
        logger.warning("a wake-up was lost and the sweep will do: %s", error.__class__.__name__)
