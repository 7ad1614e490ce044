"""Parsing durations: lengths of time, as people write them."""

from __future__ import annotations

from collections.abc import Iterable


def parse_seconds(texts: Iterable[str]) -> tuple[int, ...]:
    """Give the lengths; ValueError names the one that is none."""
    found = tuple(_seconds(text) for text in texts)
    if not found:
        raise ValueError("give at least one number of seconds, such as 0,5,300")
    return found


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is no number of seconds; write them like 0,5,300")
    return int(text)
