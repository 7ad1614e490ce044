"""The background threads of a web process and of a worker's supervisor: what is done there every few seconds."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from events import prometheus_counts
from operations.checks import key_fingerprints, outside_service
from operations.monitoring import alarms, database_alarm

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0
_stopped = threading.Event()
_started_in = [0]
Steps = tuple[Callable[[], object], ...]
# Each in a thread of its own: what waits for a database or a service that hangs keeps no other from its turn.
_OF_ALL: tuple[Steps, ...] = ((database_alarm.watch,), (outside_service.watch,))
_OF_WEB: tuple[Steps, ...] = (
    *_OF_ALL, (prometheus_counts.flush, key_fingerprints.record_key_fingerprints, alarms.watch_from_web),
)  # fmt: skip


def start() -> None:
    """Start the threads, once. Call it in the process that serves: a thread does not survive a fork."""
    if _started_in[0] != os.getpid():
        _started_in[0] = os.getpid()
        _start(_OF_WEB)
        atexit.register(_stop)


def start_in_supervisor() -> None:
    """The same beside a worker: its own processes do nothing while the database is away."""
    _start(_OF_ALL)


def _start(groups: tuple[Steps, ...]) -> None:
    for steps in groups:
        threading.Thread(target=_run, args=(steps,), name="background", daemon=True).start()


def _stop() -> None:
    """Store what was counted last: requests of a process that ends are requests too."""
    _stopped.set()
    prometheus_counts.flush()


def _run(steps: Steps) -> None:
    while True:
        for step in steps:
            _do(step)
        # Not kept from one turn to the next: it would be one more for each process.
        connection.close()
        if _stopped.wait(_PAUSE_SECONDS):
            return


def _do(step: Callable[[], object]) -> None:
    try:
        step()
    except DatabaseError as error:
        logger.warning("%s waits for the database: %s", step.__name__, type(error).__name__)
    except Exception:
        logger.exception("%s failed", step.__name__)
