"""The queue's broker where the database is all there is: wake-ups come by pipe, and by NOTIFY from other hosts."""

from __future__ import annotations

import logging
import select
import time

from django.conf import settings
from django.db import DatabaseError, connection
from django_q.brokers import Broker

from events.wake_ups.queued_task import queued_task
from events.wake_ups.wake_pipe import Listener, ring

logger = logging.getLogger(__name__)

_CHANNEL = "runbell_wake"
_WORDS = {settings.ENGINE_TASK: b"w", settings.SWEEP_TASK: b"s"}
# How long the pusher waits before it looks whether its cluster ends.
_WAIT_SECONDS = 0.5
_SWEEP_SECONDS, _AGAIN_SECONDS, _TOLD_SECONDS = 1.0, 1.0, 60.0


class DatabaseQueue(Broker):  # type: ignore[misc]  # django-q2 is not typed
    """The database is the truth, and holds no queue: who waits is woken, and looks there."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._listener: Listener | None = None
        self._notified = _Notifications()
        self._told_at = -_TOLD_SECONDS

    def ring(self, task: str) -> None:
        """Ask for the task: a sweep of this host's workers, the engine of everybody's."""
        if task == settings.ENGINE_TASK and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [_CHANNEL])
        else:
            ring(_WORDS[task])

    def note_come(self) -> None:
        """Nothing to note: what is rung before somebody looks is heard as one."""

    def ping(self) -> bool:
        return True

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Write nothing: nobody reads it."""

    def dequeue(self) -> list[tuple[None, str]] | None:
        """Wait for a wake-up and give the tasks that it asks for."""
        try:
            self._listener = self._listener or Listener()
        except OSError as error:
            return self._without_pipe(error)
        heard = self._listener.wait(_WAIT_SECONDS, self._notified.handle())
        tasks = [task for task, word in _WORDS.items() if word in heard]
        if self._notified.came() and settings.SWEEP_TASK not in tasks:
            tasks.append(settings.ENGINE_TASK)
        if settings.SWEEP_TASK in tasks:
            tasks = [settings.SWEEP_TASK]  # which works too
        return [(None, queued_task(task)) for task in dict.fromkeys(tasks)] or None

    def _without_pipe(self, error: OSError) -> list[tuple[None, str]]:
        """Sweep each second where the data folder takes no pipe, as some that are mounted do not."""
        if time.monotonic() - self._told_at > _TOLD_SECONDS:
            self._told_at = time.monotonic()
            logger.warning("no pipe in RUNBELL_DATA_DIR (%s); a sweep each second does what it did", error)
        time.sleep(_SWEEP_SECONDS)
        return [(None, queued_task(settings.SWEEP_TASK))]


class _Notifications:
    """LISTEN of PostgreSQL: wake-ups of every host. SQLite has one host alone."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._again_at = 0.0

    def handle(self) -> int | None:
        """Give what to wait at; None where there is nothing, such as while the database is away."""
        if connection.vendor != "postgresql" or (self._handle is None and time.monotonic() < self._again_at):
            return None
        try:
            if self._handle is None:
                with connection.cursor() as cursor:
                    cursor.execute(f"LISTEN {_CHANNEL}")
                self._handle = connection.connection.fileno()
        except (DatabaseError, OSError):
            self._lose()
        return self._handle

    def came(self) -> bool:
        """Whether somebody rang since."""
        if self._handle is None or not select.select([self._handle], [], [], 0)[0]:
            return False
        try:
            return bool(list(connection.connection.notifies(timeout=0)))
        except Exception:
            # The driver's own errors, of a server that went: it is asked again in a moment.
            self._lose()
            return False

    def _lose(self) -> None:
        self._handle, self._again_at = None, time.monotonic() + _AGAIN_SECONDS
        connection.close()
