"""Migrations at the start: one process at a time (an advisory lock), and none where RUNBELL_MIGRATE is false.

Replicas that start at once all want to migrate and to make the first person. The lock is PostgreSQL's, or a file beside
SQLite's; it goes with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

logger = logging.getLogger(__name__)
# Any number, the same in each version: "runbell" in ASCII.
_ADVISORY_LOCK = 0x72756E62656C6C
_LOOK_SECONDS = 0.1
_SAY_AGAIN_SECONDS = 30
# Of this process, by database: what it holds it is not to wait for.
_held: set[str] = set()
TryLock = Callable[[], bool]


class StoppedWaiting(Exception):
    """The lock is another process's, and ours is to end."""


def migrate_or_refuse() -> None:
    """Migrate; where RUNBELL_MIGRATE is false, raise CommandError while migrations are missing. Under `lock`."""
    if settings.MIGRATE:
        call_command("migrate", verbosity=0, interactive=False)
    elif count := missing():
        raise CommandError(
            f"{count} migrations are not applied, and RUNBELL_MIGRATE is false. "
            "Run `runbell migrate`, then start again."
        )


def missing() -> int:
    """Give how many migrations of this code are not applied."""
    executor = MigrationExecutor(default_connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def lock(
    connection: BaseDatabaseWrapper = default_connection,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the database's lock for starts. Waits for who holds it, and raises StoppedWaiting once `is_stopped`."""
    if connection.alias in _held:
        yield
        return
    locking = _postgresql_lock if connection.vendor == "postgresql" else _file_lock
    with locking(connection) as try_lock:
        _wait(try_lock, is_stopped)
        _held.add(connection.alias)
        try:
            yield
        finally:
            _held.discard(connection.alias)


def _wait(try_lock: TryLock, is_stopped: Callable[[], bool]) -> None:
    # Not a lock that blocks: a statement that waits holds a snapshot, and CREATE INDEX CONCURRENTLY waits for those.
    say_at = time.monotonic()
    while not try_lock():
        if is_stopped():
            raise StoppedWaiting
        if time.monotonic() >= say_at:
            logger.warning("Another process migrates this database. Waiting for it.")
            say_at += _SAY_AGAIN_SECONDS
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _postgresql_lock(connection: BaseDatabaseWrapper) -> Iterator[TryLock]:
    # A connection of its own: what becomes of the one that migrates takes the lock from nobody.
    own = connection.copy()

    def try_lock() -> bool:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_LOCK])
            return bool(cursor.fetchone()[0])

    try:
        yield try_lock
    finally:
        own.close()


@contextmanager
def _file_lock(connection: BaseDatabaseWrapper) -> Iterator[TryLock]:
    if connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's own
        yield lambda: True
        return
    # The name is one of those that are closed to other users (`common.processes.private_folder`).
    path = Path(f"{connection.settings_dict['NAME']}-start.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_lock() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield try_lock
    finally:
        os.close(file)
