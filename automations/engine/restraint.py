"""How often an automation may tell: rests, and a limit of executions a minute. Pure: what is known comes in.

The clock is the events': a worker that catches up after a day decides as it would have then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

_MINUTE = timedelta(minutes=1)
_READABLE = "%Y-%m-%d %H:%M"
Pair = tuple[int, str]


@dataclass(frozen=True)
class Limits:
    """How often one automation may tell. 0 seconds of rest: every time; a rate limit of 0: no limit."""

    automation_id: int
    rest_seconds: int
    rate_limit: int
    recovery: bool


@dataclass
class Quiet:
    """What is known of an automation and a subject: when it fired, and whether its condition holds since."""

    fired_at: datetime
    holding: bool = False


@dataclass(frozen=True)
class Objection:
    """Why it may not tell now. Suppressed firings with the same `key` are counted as one."""

    key: Pair
    reason: str
    since: datetime


class Known(Protocol):
    """What was decided before this batch."""

    def quiet(self, pair: Pair) -> Quiet | None: ...

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        """The moments of the last firings, oldest first."""


class Restraint:
    """Decides, and remembers what it decided. `changed` is what is to be stored."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._quiet: dict[Pair, Quiet | None] = {}
        self._recent: dict[int, deque[datetime]] = {}
        self.changed: dict[Pair, Quiet] = {}

    def objection(self, limits: Limits, subject: str, at: datetime) -> Objection | None:
        """Say why the automation may not tell of the subject at this moment; None where it may."""
        pair = (limits.automation_id, subject)
        quiet = self._known_quiet(pair) if limits.rest_seconds else None
        if quiet is not None and at < quiet.fired_at + timedelta(seconds=limits.rest_seconds):
            until = quiet.fired_at + timedelta(seconds=limits.rest_seconds)
            reason = f"Resting: it fired for this run already, and is quiet about it until {until:{_READABLE}} UTC."
            return Objection(pair, reason, quiet.fired_at)
        recent = self._fired_within_a_minute(limits, at)
        if limits.rate_limit and len(recent) >= limits.rate_limit:
            reason = f"Too many: it fired {limits.rate_limit} times within a minute, which is its rate limit."
            return Objection((limits.automation_id, "@rate"), reason, recent[0])
        return None

    def fired(self, limits: Limits, subject: str, at: datetime) -> None:
        self._fired_within_a_minute(limits, at).append(at)
        if limits.rest_seconds or limits.recovery:
            self._change((limits.automation_id, subject), Quiet(at, holding=limits.recovery))

    def is_holding(self, limits: Limits, subject: str) -> bool:
        """Whether it told that the condition holds, and not yet that it stopped."""
        quiet = self._known_quiet((limits.automation_id, subject))
        return quiet is not None and quiet.holding

    def recovered(self, limits: Limits, subject: str) -> None:
        pair = (limits.automation_id, subject)
        quiet = self._known_quiet(pair)
        if quiet is not None:
            self._change(pair, Quiet(quiet.fired_at))

    def _change(self, pair: Pair, quiet: Quiet) -> None:
        self._quiet[pair] = self.changed[pair] = quiet

    def _known_quiet(self, pair: Pair) -> Quiet | None:
        if pair not in self._quiet:
            self._quiet[pair] = self._known.quiet(pair)
        return self._quiet[pair]

    def _fired_within_a_minute(self, limits: Limits, at: datetime) -> deque[datetime]:
        pk, most = limits.automation_id, limits.rate_limit
        if pk not in self._recent:
            self._recent[pk] = deque(self._known.recent(pk, most) if most else ())
        recent = self._recent[pk]
        while recent and recent[0] <= at - _MINUTE:
            recent.popleft()
        return recent
