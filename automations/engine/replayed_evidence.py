"""Evidence for conditions in a backtest: windows and peers kept in memory while history passes by."""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from automations.conditions.condition import Condition, Evidence, Peers, Window
from automations.engine.loaded_automation import LoadedAutomation
from events.event_types import EventContext
from projects.history.row_values import newest_values
from projects.models import Stream

# When a run started, its number, and the last value of the metric that others are compared with.
PeerStanding = tuple[datetime, int, float]


def no_values(window: Window, context: EventContext) -> Sequence[float]:
    return ()


def no_runs(peers: Peers, context: EventContext) -> Iterable[PeerStanding]:
    return ()


@dataclass
class _Project:
    """The runs of a project: in the order in which they started, and where they stand."""

    started: list[tuple[datetime, int]] = field(default_factory=list)
    last: dict[int, float] = field(default_factory=dict)

    def note(self, started_at: datetime, run: int, value: float) -> None:
        if run not in self.last:
            insort(self.started, (started_at, run))
        self.last[run] = value

    def others(self, me: int) -> Iterator[float]:
        """Give the finite last values, of the most recently started run first."""
        values = (self.last[run] for _started_at, run in reversed(self.started) if run != me)
        return (value for value in values if math.isfinite(value))


class ReplayedEvidence:
    """Knows what has passed; what was before that is asked of `values_before` and `runs_before`."""

    def __init__(
        self,
        values_before: Callable[[Window, EventContext], Sequence[float]] = no_values,
        runs_before: Callable[[Peers, EventContext], Iterable[PeerStanding]] = no_runs,
    ) -> None:
        self._values_before = values_before
        self._runs_before = runs_before
        self._past: dict[tuple[str, str], tuple[int, deque[float]]] = {}
        self._projects: dict[tuple[str, str], _Project] = {}

    def evidence(self, loaded: LoadedAutomation, condition: Condition, context: EventContext) -> Evidence:
        window, peers = condition.window, condition.peers
        return Evidence(
            past=self._window(window, context) if window and window.length else (),
            peers=list(islice(self._others(peers, context), peers.count)) if peers else (),
        )

    def keep(self, loaded: LoadedAutomation, condition: Condition, context: EventContext, evidence: Evidence) -> None:
        window, rows = condition.window, context.data.get("rows", ())
        if window and window.length:
            known = deque(evidence.past, maxlen=window.length)
            known.extend(newest_values(rows, window.metric, window.length))
            self._past[_stream(context)] = (context.data["position"] + len(rows), known)

    def observe(self, loaded: LoadedAutomation, context: EventContext) -> None:
        """Note where the run stands, for those that are compared with it."""
        peers = loaded.defining.peers if loaded.defining else None
        if peers is None or context.data["stream"] != Stream.HISTORY:
            return
        for value in newest_values(context.data["rows"], peers.metric, 1):
            facts = context.subject.facts
            self._project(peers, context).note(facts["started_at"], facts["id"], value)

    def _window(self, window: Window, context: EventContext) -> Sequence[float]:
        position, known = self._past.get(_stream(context), (-1, deque[float]()))
        return known if position == context.data["position"] else self._values_before(window, context)

    def _others(self, peers: Peers, context: EventContext) -> Iterator[float]:
        return self._project(peers, context).others(context.subject.facts["id"])

    def _project(self, peers: Peers, context: EventContext) -> _Project:
        facts = context.subject.facts
        key = (facts["entity_name"], facts["project_name"])
        if key not in self._projects:
            project = self._projects[key] = _Project()
            for stood in self._runs_before(peers, context):
                project.note(*stood)
        return self._projects[key]


def _stream(context: EventContext) -> tuple[str, str]:
    # A run's own metrics and those of its machine have positions of their own.
    return context.subject.key, context.data["stream"]
