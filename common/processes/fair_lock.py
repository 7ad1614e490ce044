"""A fair lock (first come, first served) for threads of one process that do the same heavy work."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


class FairLock:
    """A lock that is had in the order in which it was asked for: a plain one goes to who asks when it is free."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._ask()
        try:
            yield
        finally:
            self._pass_on()

    def _ask(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._queue.append(called)
        called.wait()

    def _pass_on(self) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


_heavy_work = FairLock()


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait for one's turn to read and write a lot.

    SQLite has one writer, and who finds it busy sleeps, up to 100 ms each time: of eight threads some would starve.
    Nor do they compute beside each other in Python: each has its answer sooner when it is not interrupted by seven.
    Other processes still find the file busy, and wait as SQLite does. PostgreSQL takes what many write at once.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _heavy_work.held():
        yield
