"""The background thread of a web process: what is done there every few seconds, whoever asks for pages or nobody."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from events import prometheus_counts
from operations.monitoring import alarms, key_fingerprints

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0
_stopped = threading.Event()
_STEPS: tuple[Callable[[], object], ...] = (
    prometheus_counts.flush,
    key_fingerprints.record_key_fingerprints,
    alarms.watch_from_web,
)


def start() -> None:
    """Start the thread. Call it in the process that serves: a thread does not survive a fork."""
    threading.Thread(target=_run, name="background", daemon=True).start()
    atexit.register(_stop)


def _stop() -> None:
    """Store what was counted last: requests of a process that ends are requests too."""
    _stopped.set()
    prometheus_counts.flush()


def _run() -> None:
    while not _stopped.wait(_PAUSE_SECONDS):
        for step in _STEPS:
            _do(step)
        # Not kept from one turn to the next: it would be one more for each process.
        connection.close()


def _do(step: Callable[[], object]) -> None:
    try:
        step()
    except DatabaseError as error:
        logger.warning("%s waits for the database: %s", step.__name__, type(error).__name__)
    except Exception:
        logger.exception("%s failed", step.__name__)
