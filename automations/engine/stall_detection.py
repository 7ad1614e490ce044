"""Stall detection: runs that log nothing for so long, where an automation asks. Each stall is told once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from automations.engine.loaded_automation import LoadedAutomation, load_automations
from automations.models import Automation, WindowState
from common.data.database_clock import database_now
from events import ledger, worker_heartbeat
from projects.event_types import STALLED
from projects.history.reading import last_logged_at, newest_chunks
from projects.history.row_values import newest_values
from projects.models import Run, RunState
from projects.runs.lifecycle import lock_run

# Which runs a scope holds.
_IN_SCOPE = {"project": "project", "team": "project__team", "organization": "project__team__organization"}


@dataclass(frozen=True)
class StallQuery:
    """What automations ask of a run: that nothing came of a metric (blank: of anything) for so long."""

    metric: str
    seconds: int


@dataclass
class _Seen:
    """What was read of a run for one metric: up to which position, and when its last value came."""

    position: int = 0
    last_at: datetime | None = None


# Of this process, by run and metric: a look each second must not read a history again that has no such metric.
_seen: dict[tuple[int, datetime, str], _Seen] = {}


def detect_stalls() -> int:
    """Publish an event for each run that has been silent for as long as automations ask; give how many.

    Those that ask the same hear the same event, in whichever scope they listen. One that asks later hears its own.
    """
    listening = Automation.objects.filter(event_type=STALLED, enabled=True, deleted_at__isnull=True).order_by("id")
    asked: dict[tuple[StallQuery, Run], list[Automation]] = defaultdict(list)
    for loaded in load_automations(listening):
        for question in _questions(loaded):
            for run in _running(loaded.automation):
                asked[question, run].append(loaded.automation)
    for forgotten in _seen.keys() - {_key(run, question.metric) for question, run in asked}:
        del _seen[forgotten]
    now = database_now()
    return sum(_notice(question, run, askers, now) for (question, run), askers in asked.items())


def _questions(loaded: LoadedAutomation) -> list[StallQuery]:
    params = loaded.defining.params if loaded.defining else {}
    return [StallQuery(params["metric"] or "", params["seconds"])] if params else []


def _running(automation: Automation) -> list[Run]:
    kind, _, number = automation.scope.partition(":")
    if kind not in _IN_SCOPE:
        return []
    seen = Run.objects.filter(project__deletion=None, project__team__deletion=None)
    rows = seen.filter(state=RunState.RUNNING, **{_IN_SCOPE[kind]: number})
    return list(rows.only("created_at"))


def _key(run: Run, metric: str) -> tuple[int, datetime, str]:
    # With its start: a database that is emptied counts anew.
    return run.pk, run.created_at, metric


def _last_logged_at(run: Run, metric: str) -> datetime:
    """Give when the run last logged the metric, or anything; its start where it never did."""
    if not metric:
        return last_logged_at(run)
    seen = _seen.setdefault(_key(run, metric), _Seen())
    read_to = seen.position
    for end, created_at, rows in newest_chunks(run, seen.position):
        worker_heartbeat.record_worker_heartbeat()
        read_to = max(read_to, end)
        if newest_values(rows, metric, 1):
            seen.last_at = created_at
            break
    seen.position = read_to
    return seen.last_at or run.created_at


def _notice(question: StallQuery, run: Run, askers: list[Automation], now: datetime) -> int:
    worker_heartbeat.record_worker_heartbeat()
    since = _last_logged_at(run, question.metric)
    silent = int((now - since).total_seconds())
    askers = _untold(askers, run, since) if silent >= question.seconds else []
    if not askers:
        return 0
    with transaction.atomic():
        locked = lock_run(run)
        if locked.state != RunState.RUNNING or _last_logged_at(locked, question.metric) != since:
            return 0
        askers = _untold(askers, run, since)
        if not askers:
            return 0
        for automation in askers:
            _remember(automation, run, since)
        data: dict[str, Any] = {"run": run.pk, **asdict(question), "silent_seconds": silent}
        data[ledger.ONLY_FOR] = [automation.pk for automation in askers]
        ledger.publish(STALLED, locked.event_scope, data, actor=locked.actor)
    return 1


def _untold(askers: list[Automation], run: Run, since: datetime) -> list[Automation]:
    rows = WindowState.objects.filter(automation__in=askers, subject=run.stream_key, position=int(since.timestamp()))
    told = set(rows.values_list("automation", flat=True))
    return [automation for automation in askers if automation.pk not in told]


def _remember(automation: Automation, run: Run, since: datetime) -> None:
    WindowState.objects.update_or_create(
        automation=automation, subject=run.stream_key, defaults={"position": int(since.timestamp()), "values": []}
    )
