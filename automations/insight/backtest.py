"""Backtest: what an automation would have fired for, had it listened. The same code decides as does live."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automations.conditions.condition import Peers, Window
from automations.engine.judging import Decision, Judge
from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.replayed_evidence import PeerStanding, ReplayedEvidence
from automations.engine.throttling import CooldownState, Limits, Throttling
from automations.models import Automation
from events import event_types
from events.event_types import EventContext
from projects.history.reading import last_values_before, past_values, runs_of_same_project

# More firings than these are counted, and not listed.
MOST_LISTED = 200


@dataclass(frozen=True)
class BacktestFiring:
    """One time it would have told: when, of what, and why."""

    at: datetime
    subject_label: str
    subject_url: str
    why: str
    value: object = None
    step: object = None
    recovered: bool = False
    subject_key: str = ""


@dataclass
class BacktestResult:
    """What a backtest found. `suppressed` would have fired but for the cooldown or the rate limit, or came late.

    `by_day` counts what fired, in UTC. `reached` is how far it came where its time ran out; None: it saw everything.
    """

    fired: int = 0
    suppressed: int = 0
    failures: list[str] = field(default_factory=list)
    judged: int = 0
    subjects: int = 0
    firings: list[BacktestFiring] = field(default_factory=list)
    by_day: dict[str, int] = field(default_factory=dict)
    reached: datetime | None = None

    def note(self, decision: Decision) -> None:
        if decision.failure:
            self.failures = [*self.failures, decision.failure][:1]
        elif decision.suppression:
            self.suppressed += 1
        else:
            self.fired += not decision.recovered
            if not decision.recovered:
                day = decision.context.occurred_at.date().isoformat()
                self.by_day[day] = self.by_day.get(day, 0) + 1
            if len(self.firings) < MOST_LISTED:
                self.firings.append(_firing(decision))


def backtest(
    automation: Automation,
    since: datetime,
    until: datetime,
    *,
    seconds: float | None = None,
    subjects: Collection[str] | None = None,
) -> BacktestResult:
    """Replay what is stored of that time. The automation may be unsaved. Raises UnreadableAutomation.

    With `seconds` it stops when so many have passed, and says how far it came; with `subjects` it judges what
    happened to these alone, such as `run:12`.
    """
    loaded, deadline = LoadedAutomation.of(automation), time.monotonic() + (math.inf if seconds is None else seconds)
    source = ReplayedEvidence(_values_before, _runs_before)
    judge = Judge(source, Throttling(_NothingKnown()))
    found, judged = BacktestResult(), set()
    for context in event_types.registry.get(automation.event_type).replay(automation.scope, since, until):
        if subjects is None or context.subject.key in subjects:
            found.judged += 1
            judged.add(context.subject.key)
            for decision in judge.decide(loaded, context):
                found.note(decision)
        source.observe(loaded, context)
        if time.monotonic() > deadline:
            found.reached = context.occurred_at
            break
    found.subjects = len(judged)
    return found


class _NothingKnown:
    """A backtest begins with an automation that has never told anything."""

    def cooldown(self, limits: Limits, key: str) -> CooldownState | None:
        return None

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        return ()


def _firing(decision: Decision) -> BacktestFiring:
    judged = {name: value for verdict in decision.verdicts for name, value in verdict.values.items()}
    return BacktestFiring(
        at=decision.context.occurred_at,
        subject_label=decision.context.subject.label,
        subject_url=decision.context.subject.url,
        why="; ".join(verdict.why for verdict in decision.verdicts),
        value=judged.get("metric_value"),
        step=judged.get("metric_step"),
        recovered=decision.recovered,
        subject_key=decision.context.subject.key,
    )


def _values_before(window: Window, context: EventContext) -> Sequence[float]:
    run, stream = context.subject.facts["id"], context.data["stream"]
    return past_values(run, stream, window.metric, before=context.data["position"], count=window.length)


def _runs_before(peers: Peers, context: EventContext) -> Iterable[PeerStanding]:
    runs = runs_of_same_project(context.subject.facts["id"]).filter(created_at__lte=context.occurred_at)
    return last_values_before(runs, context.data["stream"], peers.metric, before=context.data["chunk"])
