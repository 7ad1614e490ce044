"""Deliver again what was delivered, or given up: the same execution, with the same id and body."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from automations.models import Execution, State
from common.clock import database_now
from common.refusals import Conflict
from events import queue
from integrations.provider import Endpoint, endpoints_of
from teams import audit
from teams.models import Team, User

_ENDED = (State.FAILED, State.FINISHED)


def may_go_again(execution: Execution) -> bool:
    """Whether it is over, and something was to be delivered."""
    return execution.state in _ENDED


def redeliver(execution: Execution, *, by: User | None) -> Execution:
    """Have it sent once more, and tried again as a new one is. A Conflict where it cannot be.

    The receiver sees the id it has seen before; attempts go on counting.
    """
    _require_ended(execution)
    _require_open(endpoints_of([execution.target]).get(execution.target), execution.team_id)
    with transaction.atomic():
        if not _again(Execution.objects.filter(pk=execution.pk)):
            # Somebody else was quicker.
            _require_ended(Execution.objects.get(pk=execution.pk))
        after = {"automation": execution.automation.name, "delivery_id": execution.delivery_id}
        audit.record("execution.redeliver", f"execution {execution.pk}", team=execution.team, by=by, after=after)
    execution.refresh_from_db()
    return execution


def redeliver_failed(target: str, since: datetime, *, by: User | None) -> int:
    """Have everything sent once more that failed to reach this target since then; give how much."""
    endpoint = endpoints_of([target]).get(target)
    _require_open(endpoint, endpoint.team_id if endpoint else 0)
    with transaction.atomic():
        count = _again(Execution.objects.filter(target=target, state=State.FAILED, ended_at__gte=since))
        if count and endpoint:
            team, after = Team.objects.get(pk=endpoint.team_id), {"since": since, "executions": count}
            audit.record("execution.redeliver", f"failed ones to {endpoint.name}", team=team, by=by, after=after)
    return count


def _again(rows: QuerySet[Execution]) -> int:
    """Make them due. Those that another has made due since are left as they are."""
    with transaction.atomic():
        count = rows.filter(state__in=_ENDED).update(
            state=State.PENDING, reason="", next_attempt_at=database_now(), ended_at=None, lease="",
            leased_until=None, losses=0, attempts_before=F("attempts_made"),
        )  # fmt: skip
        if count:
            transaction.on_commit(queue.wake)
    return count


def _require_ended(execution: Execution) -> None:
    if execution.state == State.PENDING:
        raise Conflict({"state": _("It is still on its way. Wait until it has finished or failed.")})
    if execution.state == State.SKIPPED:
        raise Conflict({"state": _("It was skipped, so there is nothing to deliver again.")})


def _require_open(endpoint: Endpoint | None, team_id: int) -> None:
    if endpoint is None or endpoint.team_id != team_id:
        raise Conflict({"target": _("What it was sent to was deleted.")})
    if endpoint.disabled_reason:
        text = _("%(name)s is disabled. %(reason)s Enable it first.")
        raise Conflict({"target": text % {"name": endpoint.name, "reason": endpoint.disabled_reason}})
