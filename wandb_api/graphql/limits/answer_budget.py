"""GraphQL answer budget: how many bytes and how much computing one answer may take, counted while it is made.

Lists inside of lists multiply: 750 bytes of a query asked for 192 MiB. What computes for long goes on one at a time, so
that the others, and the threads that answer them, are left to everybody else.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from graphql.execution import Executor
from rest_framework.exceptions import Throttled

from common.processes.fair_lock import FairLock

# The time of this thread, not the clock's: a machine on which others work too changes nothing.
MOST_CPU_SECONDS = 10.0
# From here on an answer computes only while no other such one does; so many may wait.
LONG_CPU_SECONDS = 0.1
MOST_WAITING = 3
# What one person's longer answers may compute together, of which so much comes back each second. Who has used it up is
# refused all but short ones.
ALLOWED_CPU_SECONDS, ALLOWED_SHARE = 5.0, 0.2
SHORT_CPU_SECONDS = 0.02
_MOST_PERSONS = 1000
_RETRY_SECONDS = 5
_long_answers = FairLock()
# What the answer of this thread holds, until its end.
_held = threading.local()
# Quotes, colon and comma; a number; how often the time is looked at.
_AROUND, _NUMBER, _EVERY = 4, 8, 16


class AnswerTooLarge(Exception):
    """The answer would be larger than any may be."""


class _Stop(BaseException):
    """Ends the whole execution: what is an Exception would only leave out one field."""


class _Allowance:
    """How long each person's answers may still compute; it fills again as time goes by. Short answers cost nothing."""

    def __init__(self) -> None:
        self._spent: dict[int | None, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def is_left(self, person: int | None) -> bool:
        return self._now(person) < ALLOWED_CPU_SECONDS

    def spend(self, person: int | None, seconds: float) -> None:
        with self._lock:
            if seconds > 0:
                self._spent[person] = (self._now(person) + seconds, time.monotonic())
            if len(self._spent) > _MOST_PERSONS:
                self._spent = {one: spent for one, spent in self._spent.items() if self._now(one)}

    def _now(self, person: int | None) -> float:
        spent, at = self._spent.get(person, (0.0, 0.0))
        return max(0.0, spent - (time.monotonic() - at) * ALLOWED_SHARE)


_allowance = _Allowance()


class _Busy(_Stop):
    """Too many such answers wait already."""


class BudgetedExecutor(Executor[Any]):
    """graphql-core's executor, until the budget is spent."""

    _bytes = _fields = 0
    _begun: float | None = None
    _has_its_turn = False

    def execute_field(self, parent_type: Any, source: Any, details: Any, path: Any, position: Any) -> Any:
        self._fields += 1
        if self._fields % _EVERY == 1:
            self._look_at_the_time()
        self._count(len(path.key) + _AROUND)
        return super().execute_field(parent_type, source, details, path, position)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]  # static there
        value = super().complete_leaf_value(return_type, result)
        self._count(_size(value))
        return value

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > settings.ANSWER_LIMIT:
            most = settings.ANSWER_LIMIT // 2**20
            raise _Stop(
                f"The answer has more than {most} MiB (RUNBELL_ANSWER_LIMIT_MB). Ask for fewer rows with `first`, or "
                "for fewer fields."
            )

    def _look_at_the_time(self) -> None:
        now = time.thread_time()
        self._begun = now if self._begun is None else self._begun
        if not self._has_its_turn and now - self._begun > _held.until_long:
            self._wait_for_its_turn()
        if now - self._begun > MOST_CPU_SECONDS:
            raise _Stop(
                f"The answer takes more than {MOST_CPU_SECONDS:.0f} s to compute. Ask for fewer rows with `first`, or "
                "for fewer fields."
            )

    def _wait_for_its_turn(self) -> None:
        self._has_its_turn = True
        if _long_answers.waiting >= MOST_WAITING or _held.until_long < LONG_CPU_SECONDS:
            raise _Busy
        _held.until_the_end.enter_context(_long_answers.held())


class within_budget:  # noqa: N801  # used as a function
    """Raise AnswerTooLarge, or Throttled, where the execution inside was ended."""

    def __init__(self, person: int | None) -> None:
        self._person = person

    def __enter__(self) -> None:
        self._begun = time.thread_time()
        _held.until_the_end = ExitStack()
        _held.until_long = LONG_CPU_SECONDS if _allowance.is_left(self._person) else SHORT_CPU_SECONDS

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _held.until_the_end.close()
        _allowance.spend(self._person, time.thread_time() - self._begun - SHORT_CPU_SECONDS)
        if isinstance(error, _Busy):
            raise Throttled(_RETRY_SECONDS, "Other queries that take long are being answered.") from None
        if isinstance(error, _Stop):
            raise AnswerTooLarge(str(error)) from None


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    return len(repr(value)) if isinstance(value, (dict, list)) else _NUMBER
