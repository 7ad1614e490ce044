"""Run timeline: each state a run was in, since when and for how long, from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from events.models import Event
from projects.models import Run, RunState
from projects.runs.lifecycle import RUN_STATE_CHANGED

_MOST = 50


@dataclass(frozen=True)
class TimelineEntry:
    state: str
    label: str
    at: datetime
    actor: str = ""
    lasted: timedelta | None = None


def run_timeline(run: Run) -> list[TimelineEntry]:
    """Give its states, the first one first. Where events were forgotten, what the run itself says stays."""
    told = Event.objects.filter(kind=RUN_STATE_CHANGED, stream=run.stream_key).order_by("-pk")[:_MOST]
    seen = [(str(event.data.get("state", "")), event.occurred_at, event.actor) for event in reversed(told)]
    if not seen:
        seen = [(RunState.RUNNING.value, run.created_at, "")]
        if run.finished_at is not None:
            seen.append((run.state, run.finished_at, ""))
    ends = [at for _state, at, _actor in seen[1:]]
    lengths: list[timedelta | None] = [end - at for (_state, at, _actor), end in zip(seen, ends, strict=False)]
    labels = dict(RunState.choices)
    return [
        TimelineEntry(state, str(labels.get(state, state)), at, actor, length)
        for (state, at, actor), length in zip(seen, [*lengths, None], strict=True)
    ]
