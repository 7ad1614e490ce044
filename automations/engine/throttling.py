"""Throttling: cooldowns, and a rate limit of executions a minute. Pure: what is known comes in.

The clock is the events': a worker that catches up after a day decides as it would have then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from automations.cooldown_keys import CooldownKey, cooldown_key
from events import event_types
from events.event_types import EventContext

_MINUTE = timedelta(minutes=1)
_READABLE = "%Y-%m-%d %H:%M"
Pair = tuple[int, str]


@dataclass(frozen=True)
class Limits:
    """How often one automation may tell. 0 seconds of cooldown: every time; a rate limit of 0: no limit."""

    automation_id: int
    cooldown_seconds: int
    rate_limit: int
    notify_on_recovery: bool
    cooldown_per: str = "run"
    event_type: str = "run.metric"

    def key_of(self, context: EventContext) -> CooldownKey:
        """Give what the cooldown belongs to, of what happened; the subject where there is no cooldown."""
        if not self.cooldown_seconds:
            return CooldownKey(context.subject.key, "")
        return cooldown_key(self.cooldown_per, event_types.registry.get(self.event_type), context)


@dataclass
class CooldownState:
    """What is known of an automation and a key: when it fired, and whether its condition holds since."""

    fired_at: datetime
    holding: bool = False


@dataclass(frozen=True)
class Suppression:
    """Why it may not tell now. Suppressed firings with the same `key` are counted as one."""

    key: Pair
    reason: str
    since: datetime


class ThrottlingKnowledge(Protocol):
    """What was decided before this batch."""

    def cooldown(self, limits: Limits, key: str) -> CooldownState | None: ...

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        """The moments of the last firings, oldest first."""


class Throttling:
    """Decides, and remembers what it decided. `changed` is what is to be stored."""

    def __init__(self, known: ThrottlingKnowledge) -> None:
        self._known = known
        self._cooldowns: dict[Pair, CooldownState | None] = {}
        self._recent: dict[int, deque[datetime]] = {}
        self.changed: dict[Pair, CooldownState] = {}

    def suppression(self, limits: Limits, key: CooldownKey, at: datetime) -> Suppression | None:
        """Say why the automation may not tell of what the key is of at this moment; None where it may."""
        pair = (limits.automation_id, key.text)
        cooldown = self._known_cooldown(limits, key.text) if limits.cooldown_seconds else None
        if cooldown is not None and at < cooldown.fired_at + timedelta(seconds=limits.cooldown_seconds):
            until = cooldown.fired_at + timedelta(seconds=limits.cooldown_seconds)
            reason = f"Cooldown: it fired for {key.words} already, and is quiet about it until {until:{_READABLE}} UTC."
            return Suppression(pair, reason, cooldown.fired_at)
        recent = self._fired_within_a_minute(limits, at)
        if limits.rate_limit and len(recent) >= limits.rate_limit:
            reason = f"Too many: it fired {limits.rate_limit} times within a minute, which is its rate limit."
            return Suppression((limits.automation_id, "@rate"), reason, recent[0])
        return None

    def fired(self, limits: Limits, key: CooldownKey, subject: str, at: datetime) -> None:
        """Begin the key's cooldown, and note that the condition holds of the subject, which alone can recover."""
        self._fired_within_a_minute(limits, at).append(at)
        if limits.notify_on_recovery:
            self._change((limits.automation_id, subject), CooldownState(at, holding=True))
        if limits.cooldown_seconds and not (limits.notify_on_recovery and key.text == subject):
            self._change((limits.automation_id, key.text), CooldownState(at))

    def is_holding(self, limits: Limits, subject: str) -> bool:
        """Whether it told that the condition holds, and not yet that it stopped."""
        cooldown = self._known_cooldown(limits, subject)
        return cooldown is not None and cooldown.holding

    def recovered(self, limits: Limits, subject: str) -> None:
        pair = (limits.automation_id, subject)
        cooldown = self._known_cooldown(limits, subject)
        if cooldown is not None:
            self._change(pair, CooldownState(cooldown.fired_at))

    def _change(self, pair: Pair, cooldown: CooldownState) -> None:
        self._cooldowns[pair] = self.changed[pair] = cooldown

    def _known_cooldown(self, limits: Limits, key: str) -> CooldownState | None:
        pair = (limits.automation_id, key)
        if pair not in self._cooldowns:
            self._cooldowns[pair] = self._known.cooldown(limits, key)
        return self._cooldowns[pair]

    def _fired_within_a_minute(self, limits: Limits, at: datetime) -> deque[datetime]:
        pk, most = limits.automation_id, limits.rate_limit
        if pk not in self._recent:
            self._recent[pk] = deque(self._known.recent(pk, most) if most else ())
        recent = self._recent[pk]
        while recent and recent[0] <= at - _MINUTE:
            recent.popleft()
        return recent
