"""Look for runs that stand still, where an automation asks. Each stall is told once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from automations.models import Automation, Memory
from common.clock import database_now
from events import ledger
from projects.event_types import STALLED
from projects.history import last_logged_at
from projects.models import Run, RunState
from projects.services import actor_of, lock, place_of

# Which runs a scope holds.
_IN_SCOPE = {"project": "project", "team": "project__team", "organization": "project__team__organization"}


@dataclass(frozen=True)
class Question:
    """What automations ask of a run: that nothing came of a metric (blank: of anything) for so long."""

    metric: str
    seconds: int


def notice_stalls() -> int:
    """Publish an event for each run that has been silent for as long as automations ask; give how many.

    Those that ask the same hear the same event, in whichever scope they listen.
    """
    listening = Automation.objects.filter(event_type="run.stalled", enabled=True, deleted_at__isnull=True)
    asked: dict[tuple[Question, Run], list[Automation]] = defaultdict(list)
    for automation in listening:
        for question in _questions(automation):
            for run in _running(automation):
                asked[question, run].append(automation)
    now = database_now()
    return sum(_notice(question, run, askers, now) for (question, run), askers in asked.items())


def _questions(automation: Automation) -> list[Question]:
    stalled = [one for one in automation.conditions if one.get("type") == "stalled"]
    return [Question(one.get("metric") or "", one["seconds"]) for one in stalled]


def _running(automation: Automation) -> list[Run]:
    kind, _, number = automation.scope.partition(":")
    return list(Run.objects.filter(state=RunState.RUNNING, **{_IN_SCOPE[kind]: number}))


def _notice(question: Question, run: Run, askers: list[Automation], now: datetime) -> int:
    since = last_logged_at(run, question.metric)
    silent = int((now - since).total_seconds())
    if silent < question.seconds or _is_told(askers, run, since):
        return 0
    with transaction.atomic():
        locked = lock(run)
        if locked.state != RunState.RUNNING or last_logged_at(locked, question.metric) != since:
            return 0
        for automation in askers:
            _remember(automation, run, since)
        data: dict[str, Any] = {"run": run.pk, **asdict(question), "silent_seconds": silent}
        ledger.publish(STALLED, place_of(locked), data, actor=actor_of(locked))
    return 1


def _is_told(askers: list[Automation], run: Run, since: datetime) -> bool:
    told = Memory.objects.filter(automation__in=askers, subject=run.stream_key, position=int(since.timestamp()))
    return told.exists()


def _remember(automation: Automation, run: Run, since: datetime) -> None:
    Memory.objects.update_or_create(
        automation=automation, subject=run.stream_key, defaults={"position": int(since.timestamp()), "values": []}
    )
