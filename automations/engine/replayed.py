"""What conditions ask for, in a look back: kept in memory while history passes by."""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from automations.condition import Condition, Evidence, Peers, Window
from automations.engine.listener import Listener
from events.types import Happening
from projects.history import newest_values
from projects.models import Stream

# When a run started, its number, and the last value of the metric that others are compared with.
Stood = tuple[datetime, int, float]


def no_values(window: Window, happening: Happening) -> Sequence[float]:
    return ()


def no_runs(peers: Peers, happening: Happening) -> Iterable[Stood]:
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
        values_before: Callable[[Window, Happening], Sequence[float]] = no_values,
        runs_before: Callable[[Peers, Happening], Iterable[Stood]] = no_runs,
    ) -> None:
        self._values_before = values_before
        self._runs_before = runs_before
        self._past: dict[tuple[str, str], tuple[int, deque[float]]] = {}
        self._projects: dict[tuple[str, str], _Project] = {}

    def evidence(self, listener: Listener, condition: Condition, happening: Happening) -> Evidence:
        window, peers = condition.window, condition.peers
        return Evidence(
            past=self._window(window, happening) if window and window.length else (),
            peers=list(islice(self._others(peers, happening), peers.count)) if peers else (),
        )

    def keep(self, listener: Listener, condition: Condition, happening: Happening, evidence: Evidence) -> None:
        window, rows = condition.window, happening.data.get("rows", ())
        if window and window.length:
            known = deque(evidence.past, maxlen=window.length)
            known.extend(newest_values(rows, window.metric, window.length))
            self._past[_stream(happening)] = (happening.data["position"] + len(rows), known)

    def observe(self, listener: Listener, happening: Happening) -> None:
        """Note where the run stands, for those that are compared with it."""
        peers = listener.defining.peers if listener.defining else None
        if peers is None or happening.data["stream"] != Stream.HISTORY:
            return
        for value in newest_values(happening.data["rows"], peers.metric, 1):
            facts = happening.subject.facts
            self._project(peers, happening).note(facts["started_at"], facts["id"], value)

    def _window(self, window: Window, happening: Happening) -> Sequence[float]:
        position, known = self._past.get(_stream(happening), (-1, deque[float]()))
        return known if position == happening.data["position"] else self._values_before(window, happening)

    def _others(self, peers: Peers, happening: Happening) -> Iterator[float]:
        return self._project(peers, happening).others(happening.subject.facts["id"])

    def _project(self, peers: Peers, happening: Happening) -> _Project:
        facts = happening.subject.facts
        key = (facts["entity_name"], facts["project_name"])
        if key not in self._projects:
            project = self._projects[key] = _Project()
            for stood in self._runs_before(peers, happening):
                project.note(*stood)
        return self._projects[key]


def _stream(happening: Happening) -> tuple[str, str]:
    # A run's own metrics and those of its machine have positions of their own.
    return happening.subject.key, happening.data["stream"]
