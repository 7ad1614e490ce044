"""Rate limit on the audit rows that strangers cause: else anybody fills the disk."""

from __future__ import annotations

from django.core.cache import cache
from redis.exceptions import RedisError

# Refusals a minute that are written down of one address from which nobody is signed in.
MOST_OF_STRANGERS = 60


def is_flooding(address: str | None) -> bool:
    """Whether this address was refused too often in the last minute; counts this time too.

    A courtesy limit: without Redis each web process counts for itself, and while Redis is away nobody counts.
    """
    counter = f"refused:{address}"
    try:
        cache.add(counter, 0, 60)
        return bool(cache.incr(counter) > MOST_OF_STRANGERS)
    except (ValueError, RedisError):  # it ran out between the two lines
        return False
