"""Parsing durations: lengths of time, as people write them."""

from __future__ import annotations

from collections.abc import Iterable

# A date so far away there is always; of any number there is not.
_MOST = 365 * 86_400


def parse_seconds(texts: Iterable[str]) -> tuple[int, ...]:
    """Give the lengths; ValueError names the one that is none."""
    found = tuple(_seconds(text) for text in texts)
    if not found:
        raise ValueError("give at least one number of seconds, such as 0,5,300")
    return found


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is no number of seconds; write them like 0,5,300")
    if int(text[:12]) > _MOST:
        raise ValueError(f"{text[:12]} is more than a year of seconds ({_MOST})")
    return int(text)
