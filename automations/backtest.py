"""A look back: what an automation would have told, had it listened. The same code decides as does live."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automations.condition import Peers, Window
from automations.engine.judging import Decision, Judge
from automations.engine.listener import Listener
from automations.engine.replayed import ReplayedEvidence, Stood
from automations.engine.restraint import Pair, Quiet, Restraint
from automations.models import Automation
from events import types
from events.types import Happening
from projects.history import past_values, runs_beside, stood_before

# More firings than these are counted, and not listed.
MOST_LISTED = 200


@dataclass(frozen=True)
class Firing:
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
class LookBack:
    """What a look back found. `suppressed` would have fired but for the rest or the rate limit.

    `by_day` counts what fired, in UTC. `reached` is how far it came where its time ran out; None: it saw everything.
    """

    fired: int = 0
    suppressed: int = 0
    failures: list[str] = field(default_factory=list)
    judged: int = 0
    subjects: int = 0
    firings: list[Firing] = field(default_factory=list)
    by_day: dict[str, int] = field(default_factory=dict)
    reached: datetime | None = None

    def note(self, decision: Decision) -> None:
        if decision.failure:
            self.failures = [*self.failures, decision.failure][:1]
        elif decision.objection:
            self.suppressed += 1
        else:
            self.fired += not decision.recovered
            if not decision.recovered:
                day = decision.happening.occurred_at.date().isoformat()
                self.by_day[day] = self.by_day.get(day, 0) + 1
            if len(self.firings) < MOST_LISTED:
                self.firings.append(_firing(decision))


def look_back(automation: Automation, since: datetime, until: datetime, *, seconds: float | None = None) -> LookBack:
    """Replay what is stored of that time. The automation may be unsaved. Raises Broken.

    With `seconds` it stops when so many have passed, and says how far it came.
    """
    listener, deadline = Listener.of(automation), time.monotonic() + (math.inf if seconds is None else seconds)
    source = ReplayedEvidence(_values_before, _runs_before)
    judge = Judge(source, Restraint(_NothingKnown()))
    found, subjects = LookBack(), set()
    for happening in types.registry.get(automation.event_type).replay(automation.scope, since, until):
        found.judged += 1
        subjects.add(happening.subject.key)
        for decision in judge.hear(listener, happening):
            found.note(decision)
        source.observe(listener, happening)
        if time.monotonic() > deadline:
            found.reached = happening.occurred_at
            break
    found.subjects = len(subjects)
    return found


class _NothingKnown:
    """A look back begins with an automation that has never told anything."""

    def quiet(self, pair: Pair) -> Quiet | None:
        return None

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        return ()


def _firing(decision: Decision) -> Firing:
    judged = {name: value for verdict in decision.verdicts for name, value in verdict.values.items()}
    return Firing(
        at=decision.happening.occurred_at,
        subject_label=decision.happening.subject.label,
        subject_url=decision.happening.subject.url,
        why="; ".join(verdict.why for verdict in decision.verdicts),
        value=judged.get("metric_value"),
        step=judged.get("metric_step"),
        recovered=decision.recovered,
        subject_key=decision.happening.subject.key,
    )


def _values_before(window: Window, happening: Happening) -> Sequence[float]:
    run, stream = happening.subject.facts["id"], happening.data["stream"]
    return past_values(run, stream, window.metric, before=happening.data["position"], count=window.length)


def _runs_before(peers: Peers, happening: Happening) -> Iterable[Stood]:
    runs = runs_beside(happening.subject.facts["id"]).filter(created_at__lte=happening.occurred_at)
    return stood_before(runs, happening.data["stream"], peers.metric, before=happening.data["chunk"])
