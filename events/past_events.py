"""Past events: what is imported happened long ago, elsewhere. It is written with its own time, and nobody is told.

The one place that keeps an import quiet: whatever service is called inside of `happened_at` may publish as always,
and no event that it publishes is ever judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


@contextmanager
def happened_at(moment: datetime) -> Iterator[None]:
    """Let everything that is published inside have happened at this moment, and be kept as processed.

    A backtest and the timeline of a run find it; the engine never does.
    """
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


def is_past() -> bool:
    return _moment.get() is not None


def moment() -> datetime:
    """Give when that happens which is written now: of what is imported the time it had there."""
    return _moment.get() or timezone.now()
