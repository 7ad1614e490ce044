"""The look of each second: whether anything waits for the engine. One transaction, with the sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, QuerySet

from automations.models import Execution, ExecutionState
from common.data.database_clock import commit_without_waiting
from common.statements.prepared_query import PreparedValues
from events import worker_heartbeat
from events.models import Event, WorkerHeartbeat
from projects.models import Run, RunState


@dataclass(frozen=True)
class WaitingWork:
    """What there is to do. `held`: under a lease, of somebody who may be gone."""

    events: bool = True
    deliveries: bool = True
    held: bool = True
    silent_runs: bool = True


def look_for_work() -> WaitingWork:
    """Give a sign of life, and say what waits; everything may, where nobody supervises this process."""
    name = worker_heartbeat.row_name()
    if not name:
        return WaitingWork()
    with transaction.atomic():
        commit_without_waiting()
        now = worker_heartbeat.write_row(name)
        silent = now - timedelta(seconds=settings.HEARTBEAT_SECONDS)
        found = _look.rows(name=name, now=now, silent=silent)
    if not found:
        return WaitingWork()
    events, deliveries, judged, sent, silent_runs = map(bool, found[0])
    return WaitingWork(events, deliveries, judged or sent, silent_runs)


def _question(name: str, now: datetime, silent: datetime) -> QuerySet[WorkerHeartbeat, tuple[bool, ...]]:
    events = Event.objects.filter(processed_at__isnull=True)
    pending = Execution.objects.filter(state=ExecutionState.PENDING)
    return WorkerHeartbeat.objects.filter(name=name).values_list(
        Exists(events.filter(leased_until__isnull=True)),
        Exists(pending.filter(leased_until__isnull=True, next_attempt_at__lte=now)),
        Exists(events.filter(leased_until__isnull=False)),
        Exists(pending.filter(leased_until__isnull=False)),
        Exists(Run.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=silent)),
    )


_look = PreparedValues(_question, name=str, now=datetime, silent=datetime)
