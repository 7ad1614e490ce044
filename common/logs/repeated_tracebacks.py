"""Repeated tracebacks: the same one is written once a window, and then how often it came again.

While the database is away each request and each turn of a worker fails in the same place.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections.abc import Hashable
from dataclasses import dataclass

# So many different ones are remembered: what is beyond them is written as it comes.
_MOST = 500


@dataclass
class _Seen:
    until: float
    level: int
    where: str
    count: int = 0


class RepeatedTracebacks(logging.Filter):
    """Log filter of a handler: drops a traceback that was written less than `seconds` ago, and counts it."""

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._begin()
        # A thread of another process tells what that one counted.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._seen: dict[Hashable, _Seen] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or record.exc_info[1] is None:
            return True
        key = (record.name, record.msg, *_place(record.exc_info[1]))
        with self._lock:
            seen = self._seen.get(key)
            if seen is not None and time.monotonic() < seen.until:
                seen.count += 1
                if seen.count == 1:
                    self._tell_later(key, seen)
                return False
            if len(self._seen) >= _MOST:
                self._forget_old()
            if len(self._seen) < _MOST:
                kind = type(record.exc_info[1]).__name__
                self._seen[key] = _Seen(time.monotonic() + self._seconds, record.levelno, f"{record.name}: {kind}")
        return True

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._seen = {key: seen for key, seen in self._seen.items() if seen.until > now or seen.count}

    def _tell_later(self, key: Hashable, seen: _Seen) -> None:
        """At the end of its window, also where nothing else is ever logged."""
        timer = threading.Timer(max(seen.until - time.monotonic(), 0.0), self._tell, (key,))
        timer.daemon = True
        timer.start()

    def _tell(self, key: Hashable) -> None:
        with self._lock:
            seen = self._seen.pop(key, None)
        if seen is not None and seen.count:
            times = "once" if seen.count == 1 else f"{seen.count} times"
            name, _, kind = seen.where.partition(": ")
            said = "repeated %s within %g s: the same traceback of %s"
            logging.getLogger(name).log(seen.level, said, times, self._seconds, kind)


def _place(error: BaseException) -> tuple[type[BaseException], tuple[tuple[str, int], ...]]:
    """Give what makes it the same: its kind, and the lines of code from the outermost to where it was raised."""
    steps = tuple((frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__))
    return type(error), steps
