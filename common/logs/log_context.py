"""Log context: which request, event and execution a line of the log is about, in context variables.

Set once where something begins; whatever is logged meanwhile, by whatever code, carries it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default=MappingProxyType({}))
_caller: ContextVar[Mapping[str, str]] = ContextVar("log_caller", default=MappingProxyType({}))


def ids() -> Mapping[str, str]:
    """Give the ids that lines carry here, by name."""
    return _ids.get()


@contextmanager
def about(**named: object) -> Iterator[None]:
    """Let every line from inside carry these ids, beside those there are."""
    token = _ids.set({**_ids.get(), **{name: str(value) for name, value in named.items()}})
    try:
        yield
    finally:
        _ids.reset(token)


def begin_request(request_id: str) -> None:
    """Forget what was before: this thread has a new request."""
    _ids.set({"request_id": request_id})
    _caller.set({})


def resume_request(request_id: str) -> None:
    """Go on with it, perhaps in another thread: its answer is being sent or closed."""
    _ids.set({"request_id": request_id})


def end_request() -> None:
    _ids.set({})
    _caller.set({})


def note_caller(**named: str) -> None:
    """Say who asks, for the access log: never a secret."""
    _caller.set(named)


def caller() -> Mapping[str, str]:
    return _caller.get()


class WithIds(logging.Filter):
    """Log filter: keep on the record what it is about, for it may be written by another thread."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "ids"):
            record.ids = ids()
        return True
