"""Crash points: where a test lets the process die as if by `kill -9`. None, unless RUNBELL_CRASH_AT names one."""

from __future__ import annotations

import os
import signal

from django.conf import settings

POINTS: tuple[str, ...] = (
    # The change and its event are written and not committed.
    "event.written",
    # Both are committed, and nobody was woken.
    "event.committed",
    "event.claimed",
    "event.judged",
    # What was decided is written and not committed.
    "event.storing",
    "event.stored",
    "delivery.claimed",
    "delivery.sending",
    # The receiver has answered.
    "delivery.sent",
    "delivery.unstored",
    # What came back is written and not committed.
    "delivery.storing",
    "delivery.stored",
    # Chunks are deleted, the merged one is written in their place, and neither is committed.
    "history.merging",
    # An export lies in the storage, and no row says so yet.
    "archive.storing",
)


def reached(point: str) -> None:
    """Die here where this point was named: once in the life of a data folder, so that what follows can be seen."""
    if point == settings.CRASH_AT and _is_first(point):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first(point: str) -> bool:
    try:
        (settings.DATA_DIR / f"crashed-{point}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
