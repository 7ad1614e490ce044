"""Spans of a trace (OpenTelemetry): what a request, a judging or a delivery took. Without a tracer they are nothing.

A trace is joined from web to worker by the `traceparent` of W3C's Trace Context, which an event carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from typing import Protocol

Value = str | int | float | bool


class SpanKind(Enum):
    SERVER = "server"
    CONSUMER = "consumer"
    CLIENT = "client"


class Span(Protocol):
    """What is going on. Values hold no secret, and nothing that people typed."""

    def rename(self, name: str) -> None: ...

    def note(self, name: str, value: Value) -> None: ...


class Tracer(Protocol):
    def span(self, name: str, kind: SpanKind, parent: str) -> AbstractContextManager[Span]:
        """Begin a span under the traceparent `parent`, or under the one that is open here."""

    def traceparent(self) -> str:
        """Give what somebody needs to go on with this trace elsewhere; an empty text outside of any."""


class _NoSpan:
    def rename(self, name: str) -> None:
        pass

    def note(self, name: str, value: Value) -> None:
        pass


_NOTHING = _NoSpan()
_tracers: list[Tracer] = []


def install(tracer: Tracer) -> None:
    """Let spans go there from now on: once a process."""
    _tracers[:] = [tracer]


def are_wanted() -> bool:
    return bool(_tracers)


@contextmanager
def span(name: str, kind: SpanKind, parent: str = "") -> Iterator[Span]:
    if not _tracers:
        yield _NOTHING
        return
    with _tracers[0].span(name, kind, parent) as found:
        yield found


def traceparent() -> str:
    return _tracers[0].traceparent() if _tracers else ""
