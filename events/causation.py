"""Causation depth (loop guard): how many deliveries lie between what a person did and what happens now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Beyond this an event is kept and not judged: an automation feeds itself.
MOST_DEPTH = 5
_depth: ContextVar[int] = ContextVar("depth", default=0)


def depth() -> int:
    return _depth.get()


@contextmanager
def caused_at(depth: int) -> Iterator[None]:
    """Let every event that is published inside have this depth."""
    token = _depth.set(depth)
    try:
        yield
    finally:
        _depth.reset(token)
