"""Redelivery: the same execution again, with the same id and body."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from automations.access import executions_shown
from automations.definitions.sharing import refusal_of
from automations.models import Execution, ExecutionState
from common.data.database_clock import database_now
from common.data.validation_errors import Conflict
from events import task_queue
from outbound.provider import Receiver, receivers_of
from teams.audit import audit_log
from teams.models import Team, User

_ENDED = (ExecutionState.FAILED, ExecutionState.DELIVERED)


def may_go_again(execution: Execution) -> bool:
    """Whether it is over, and something was to be delivered."""
    return execution.state in _ENDED


def redeliver(execution: Execution, *, by: User | None) -> Execution:
    """Have it sent once more, and tried again as a new one is. A Conflict where it cannot be.

    The receiver sees the id it has seen before; attempts go on counting.
    """
    _require_ended(execution)
    if reason := refusal_of(execution, _open_receiver(execution.receiver_key)):
        raise Conflict({"receiver": reason})
    with transaction.atomic():
        if not _again(Execution.objects.filter(pk=execution.pk)):
            # Somebody else was quicker.
            _require_ended(Execution.objects.get(pk=execution.pk))
        after = {"automation": execution.automation.name, "delivery_id": execution.delivery_id}
        audit_log.record("execution.redeliver", f"execution {execution.pk}", team=execution.team, by=by, after=after)
    execution.refresh_from_db()
    return execution


def redeliver_failed(key: str, since: datetime, *, by: User | None) -> int:
    """Have everything sent once more that failed to reach this receiver since then; give how much."""
    receiver = _open_receiver(key)
    with transaction.atomic():
        # What other teams sent there is theirs to send again.
        of_its_team = executions_shown().filter(receiver_key=key, team=receiver.team_id)
        count = _again(of_its_team.filter(state=ExecutionState.FAILED, ended_at__gte=since))
        if count:
            team, after = Team.objects.get(pk=receiver.team_id), {"since": since, "executions": count}
            audit_log.record("execution.redeliver", f"failed ones to {receiver.name}", team=team, by=by, after=after)
    return count


def _again(rows: QuerySet[Execution]) -> int:
    """Make them due. Those that another has made due since are left as they are."""
    with transaction.atomic():
        count = rows.filter(state__in=_ENDED).update(
            state=ExecutionState.PENDING, reason="", next_attempt_at=database_now(), ended_at=None, lease="",
            leased_until=None, losses=0, attempts_before=F("attempts_made"),
        )  # fmt: skip
        if count:
            transaction.on_commit(task_queue.wake)
    return count


def _require_ended(execution: Execution) -> None:
    if execution.state == ExecutionState.PENDING:
        raise Conflict({"state": _("It is still on its way. Wait until it is delivered or failed.")})
    if execution.state == ExecutionState.SUPPRESSED:
        raise Conflict({"state": _("It was suppressed, so there is nothing to deliver again.")})


def _open_receiver(key: str) -> Receiver:
    receiver = receivers_of([key]).get(key)
    if receiver is None:
        raise Conflict({"receiver": _("What it was sent to was deleted.")})
    if receiver.disabled_reason:
        text = _("%(name)s is disabled. %(reason)s Enable it first.")
        raise Conflict({"receiver": text % {"name": receiver.name, "reason": receiver.disabled_reason}})
    return receiver
