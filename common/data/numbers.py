"""Number formatting and parsing, as people read and write them."""

from __future__ import annotations

import math

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def readable(value: float) -> str:
    """Write a number with the precision people read: four significant digits, more for whole ones."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def short(value: float) -> str:
    """Write a number for the narrow place beside an axis: 20000 as 20k."""
    for size, unit in _UNITS:
        if size <= abs(value) < 1e15:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def whole(text: str, *, least: int, most: int) -> int | None:
    """Read a whole number; None where the text is none, or not from `least` to `most`."""
    # Short first: int() takes its time with long texts, and refuses the longest.
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    return int(text) if least <= int(text) <= most else None
