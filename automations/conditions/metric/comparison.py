"""Aggregations of a window, and comparisons with a threshold, as W&B has them and design section 4 decides."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

AGGREGATIONS = [
    ("average", _("Average")),
    ("min", _("Minimum")),
    ("max", _("Maximum")),
    ("latest", _("Latest value")),
]
COMPARISONS = [
    ("gt", _("Above")),
    ("gte", _("Above or equal to")),
    ("lt", _("Below")),
    ("lte", _("Below or equal to")),
    ("eq", _("Equal to")),
    ("ne", _("Not equal to")),
    ("not_finite", _("Is NaN or infinite")),
]
# The SDK's operators and those people write.
SPELLINGS = {
    **{f"${key}": key for key, _label in COMPARISONS},
    ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "==": "eq", "=": "eq", "!=": "ne",
}  # fmt: skip
WORDS = {
    "gt": "rises above", "gte": "reaches or exceeds", "lt": "falls below", "lte": "falls to or below",
    "eq": "equals", "ne": "is not",
}  # fmt: skip
# The side of a threshold that fires.
SIDES = {"gt": "above", "gte": "above", "lt": "below", "lte": "below"}
SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "ne": "!="}


def average(window: Sequence[float]) -> float:
    """Give the mean, exact to the last bit whatever the order: chunks must not change what fires."""
    try:
        return math.fsum(window) / len(window)
    except (OverflowError, ValueError):
        # fsum refuses sums beyond the largest number, also on the way, and infinities of both signs.
        return _large_sum(window) / len(window)


def _large_sum(window: Sequence[float]) -> float:
    """Sum as IEEE 754 would with room enough on the way."""
    infinite = [value for value in window if not math.isfinite(value)]
    if infinite:
        return sum(infinite)
    total = sum(map(Fraction, window))
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def smallest(window: Sequence[float]) -> float:
    return math.nan if any(map(math.isnan, window)) else min(window)


def largest(window: Sequence[float]) -> float:
    return math.nan if any(map(math.isnan, window)) else max(window)


def latest(window: Sequence[float]) -> float:
    return window[-1]


def _not_finite(value: float, _threshold: float) -> bool:
    return not math.isfinite(value)


AGGREGATE: dict[str, Callable[[Sequence[float]], float]] = {
    "average": average, "min": smallest, "max": largest, "latest": latest,
}  # fmt: skip
# Python compares as IEEE 754 does: NaN is unequal to everything and neither above nor below.
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
    "eq": operator.eq, "ne": operator.ne, "not_finite": _not_finite,
}  # fmt: skip
