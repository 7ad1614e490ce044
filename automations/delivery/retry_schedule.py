"""The retry schedule: when the next attempt is due, with backoff, jitter and Retry-After."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

_JITTER = 0.2


def next_attempt_at(
    now: datetime, *, made: int, retry_after_seconds: float | None, waits: Sequence[int] = ()
) -> datetime | None:
    """Give the time of the next attempt after `made` of them; None when the table of waits ends.

    Without waits of its own a receiver has the installation's.

    Each wait of the table varies by a fifth either way, so that what failed together does not return together.
    A receiver that asks for a longer wait gets it.
    """
    table = waits or settings.RETRY_SECONDS
    if made >= len(table):
        return None
    wait = table[made] * random.uniform(1 - _JITTER, 1 + _JITTER)
    return now + timedelta(seconds=max(wait, retry_after_seconds or 0.0))
