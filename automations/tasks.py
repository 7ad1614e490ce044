"""What the queue calls. No arguments, one line each, and harmless when it runs twice."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

from automations.engine import claims, pump, stalls
from events import heartbeat, ledger, queue
from projects.services import mark_crashed
from projects.stored.services import free_now_and_then
from secrets_vault.services import forget_previous
from teams import origin, postman

logger = logging.getLogger(__name__)


def work() -> None:
    """Do what there is to do, now."""
    with origin.coming(origin.Origin("engine")):
        queue.awake()
        if not pump.run():
            queue.wake()


def sweep() -> None:
    """Find what fell between two chairs: silent runs, lost workers, lost wake-ups. Each second."""
    with origin.coming(origin.Origin("engine")):
        heartbeat.beat()
        for step in _STEPS:
            _do(step)
        work()


# Each by itself: what one stumbles over keeps no other, nor the deliveries that are due, from their turn.
_STEPS = (
    mark_crashed,
    ledger.recover,
    claims.recover,
    stalls.notice_stalls,
    forget_previous,
    postman.post_soon,
    free_now_and_then,
)


def _do(step: Callable[[], object]) -> None:
    try:
        step()
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        logger.exception("sweep: %s failed", step.__name__)
