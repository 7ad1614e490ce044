"""Token buckets: how many requests a second somebody may make, and how many at once before that counts.

Kept as one number each, the time at which the bucket would be full again ("generic cell rate algorithm"): nothing has
to refill it, and one that is full again need not be kept at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

# Seconds.
_CLOCKS_DIFFER = 1.0


@dataclass(frozen=True)
class BucketRate:
    """So many a second, and so many at once. A rate of 0 limits nothing."""

    per_second: float
    burst: int

    @property
    def interval(self) -> float:
        return 1 / self.per_second

    @property
    def capacity(self) -> float:
        """How many seconds an empty bucket needs until it is full."""
        return self.burst / self.per_second


class Bucket(NamedTuple):
    """Whose bucket it is, such as `address:192.0.2.7`, and how fast it fills."""

    name: str
    rate: BucketRate


def taken(full_at: float, rate: BucketRate, now: float) -> tuple[float, float]:
    """Give when the bucket is full again once one was taken, and how long to wait for that one (0: not at all).

    Further away than an empty bucket takes it cannot be: the clock was set back, or the rate raised. It is full then.
    """
    if full_at > now + rate.capacity + _CLOCKS_DIFFER:
        full_at = now
    then = max(full_at, now) + rate.interval
    wait = then - now - rate.capacity
    # What is less than a microsecond is only the way in which computers divide.
    return then, wait if wait > 1e-6 else 0.0


def parse_rate(values: list[str]) -> BucketRate:
    """Read `100, 10000`: so many a second, and so many at once; `0` means no limit. Raises ValueError."""
    if values == ["0"]:
        return BucketRate(0, 0)
    try:
        per_second, burst = float(values[0]), int(values[1])
    except (IndexError, ValueError):
        per_second, burst = math.nan, 0
    if len(values) != 2 or not 0 < per_second <= 1e6 or not 1 <= burst <= 10_000_000:
        raise ValueError(
            f"{', '.join(values)!r} is no rate. Write how many a second and how many at once, such as 100,10000; "
            "0 switches the limit off."
        )
    return BucketRate(per_second, burst)
