"""Graceful shutdown (drain): the supervisor asks its pool workers to stop, and sees when none is at work any more.

Both go by the beat file of the cluster. Empty, it says nothing; once a time stands in it, workers take on nothing new
and end by then. Whoever is at work holds a shared lock on it, which the kernel frees also when that process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from events.worker_heartbeat import HEARTBEAT_FILE_VARIABLE


def ask_to_stop(file: Path, seconds: float) -> None:
    """Ask the workers to be done within this time."""
    # Monotonic times are the same in all processes of a host. What is there is never half of it: see `stop_at`.
    file.write_text(f"{time.monotonic() + seconds:.3f}\n")


def stop_at() -> float | None:
    """When this worker must have stopped, on the monotonic clock; None while nobody has asked it to."""
    path = os.environ.get(HEARTBEAT_FILE_VARIABLE)
    if not path:
        return None
    try:
        if not os.stat(path).st_size:
            return None
        text = Path(path).read_text()
    except OSError:
        # The supervisor takes the file away at its end.
        return None
    return float(text) if text.endswith("\n") else time.monotonic()


def is_stopping() -> bool:
    return stop_at() is not None


@contextmanager
def at_work() -> Iterator[None]:
    """Hold the lock that lets the supervisor wait. Ask `is_stopping` inside of it: before, one could miss a stop."""
    path = os.environ.get(HEARTBEAT_FILE_VARIABLE)
    handle = -1
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC) if path else -1
    try:
        if handle >= 0:
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def is_anybody_at_work(file: Path) -> bool:
    with file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
