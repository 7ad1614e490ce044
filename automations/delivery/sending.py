"""Sending what is due: prepare before, send outside of transactions, store the attempts after."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from automations.delivery import at_home, claims
from automations.delivery.failure_lines import log_failure
from automations.delivery.preparing import (
    DeliveryPreparation,
    PreparedMessage,
    Unsendable,
    message_context_of,
    not_sent,
)
from automations.delivery.retry_schedule import next_attempt_at
from automations.models import Attempt, Execution, ExecutionState
from common.data.database_clock import database_now
from common.logs import log_context
from common.processes import crash_points
from common.statements import compiled_statements
from common.telemetry import spans
from common.telemetry.spans import SpanKind
from events import ledger, prometheus_metrics
from events.models import Event
from outbound.provider import Outcome, Provider, Receiver, Record, provider_of, receivers_of

logger = logging.getLogger(__name__)

# From one look to the next at what waits for somebody to mend something.
_WAIT_SECONDS = 15
# A receiver that announces when to come again may do so this often; after that its tries count like any other's.
_MOST_ANNOUNCED = 100
_NOT_YET = Outcome(False, "It was not done yet.", retry=True)


@dataclass(frozen=True)
class PreparedDelivery:
    """An execution with everything its sending needs, so that the sending itself touches no database."""

    execution: Execution
    outgoing: PreparedMessage
    traceparent: str = ""


@dataclass(frozen=True)
class SendResult:
    """What came of one attempt, and what the receiver was when it was made: None where none was there.

    With `at_home` nothing came of it yet: it is done when it is stored.
    """

    execution: Execution
    started_at: datetime
    record: Record
    receiver: Receiver | None = None
    at_home: PreparedMessage | None = None


def prepare(executions: Iterable[Execution]) -> tuple[list[PreparedDelivery], list[SendResult]]:
    """Give what can be sent, and what is to be stored at once: what cannot be sent, and what is done at home."""
    rows = list(executions)
    preparation = DeliveryPreparation(receivers_of(execution.receiver_key for execution in rows))
    deliveries, refused = [], []
    traces = _traceparents(rows)
    for execution in rows:
        try:
            outgoing = preparation.of_execution(execution)
            if outgoing.provider.at_home:
                refused.append(replace(_not_sent(execution, _NOT_YET), at_home=outgoing))
                continue
            deliveries.append(PreparedDelivery(execution, outgoing, traces.get(execution.event_id, "")))
        except Unsendable as error:
            refused.append(_not_sent(execution, Outcome(False, str(error), waits=error.waits)))
    return deliveries, refused


def deliver(delivery: PreparedDelivery) -> SendResult:
    """Send the delivery. For a thread: it touches no database, and what goes wrong is an outcome."""
    name = f"deliver {prometheus_metrics.receiver_kind(delivery.execution.receiver_key)}"
    with (
        log_context.about(execution=delivery.execution.pk),
        spans.span(name, SpanKind.CLIENT, delivery.traceparent) as span,
    ):
        result = _delivered(delivery)
        span.note("runbell.execution_id", delivery.execution.pk)
        span.note("runbell.ok", result.record.outcome.ok)
        return result


def _traceparents(executions: Iterable[Execution]) -> dict[int | None, str]:
    """Give the traces that the executions go on with, by event; nothing is asked where none are kept."""
    if not spans.are_wanted():
        return {}
    rows = Event.objects.filter(pk__in={one.event_id for one in executions if one.event_id})
    return {pk: data.get(ledger.TRACEPARENT, "") for pk, data in rows.values_list("pk", "data")}


def _delivered(delivery: PreparedDelivery) -> SendResult:
    started_at = timezone.now()
    execution = delivery.execution
    try:
        crash_points.reached("delivery.sending")
        record = delivery.outgoing.send(message_context_of(execution), execution.delivery_id)
        crash_points.reached("delivery.sent")
    except Exception as error:
        # The edge of the thread: a lost result would leave the execution leased until it counts as lost.
        logger.exception("execution %s could not be sent", execution.pk)
        return _not_sent(execution, Outcome(False, f"Runbell failed to send it: {type(error).__name__}.", retry=True))
    return SendResult(execution, started_at, record, delivery.outgoing.receiver)


def store(lease: str, results: list[SendResult]) -> None:
    """Write the attempts and what follows from them."""
    if not results:
        return
    crash_points.reached("delivery.unstored")
    with transaction.atomic():
        now = database_now()
        results = [done for sent in results if (done := _done_at_home(lease, sent)) is not None]
        _wait(lease, [sent for sent in results if sent.record.outcome.waits], now)
        results = [sent for sent in results if not sent.record.outcome.waits]
        compiled_statements.insert([_attempt(sent) for sent in results])
        _finish(lease, [sent for sent in results if sent.record.outcome.ok])
        again = {sent.execution.pk: _settle(lease, sent, now) for sent in results if not sent.record.outcome.ok}
        _note(results, now)
        crash_points.reached("delivery.storing")
    for sent in results:
        if sent.execution.pk in again:
            log_failure(sent.execution, sent.record.outcome, again[sent.execution.pk])
    crash_points.reached("delivery.stored")


def _done_at_home(lease: str, sent: SendResult) -> SendResult | None:
    """Give what is to be stored: where it is done at home, once it is done; None where that is another's now."""
    if sent.at_home is None:
        return sent
    try:
        # What it has changed until it fails is taken back; the attempt is stored all the same.
        with transaction.atomic():
            record = at_home.carry_out(lease, sent.execution, sent.at_home)
    except (InterfaceError, OperationalError):
        raise
    except Exception as error:
        logger.exception("execution %s could not be done", sent.execution.pk)
        record = not_sent(Outcome(False, f"Runbell failed to do it: {type(error).__name__}.", retry=True))
    return None if record is None else replace(sent, record=record, at_home=None)


def store_singly(lease: str, results: list[SendResult]) -> None:
    """Write each by itself, so that one that no database takes keeps no other from being written.

    What is left out of such a one is what was sent and answered: not that it was sent.
    """
    for sent in still_held(lease, results):
        for one in (sent, _bare(sent)):
            try:
                store(lease, [one])
                break
            except (InterfaceError, OperationalError):
                raise
            except Exception:
                logger.exception("execution %s: what came back cannot be stored", sent.execution.pk)


def still_held(lease: str, results: list[SendResult]) -> list[SendResult]:
    """Give those that are not stored yet."""
    held = set(_held(lease, [sent.execution.pk for sent in results]).values_list("pk", flat=True))
    return [sent for sent in results if sent.execution.pk in held]


def _not_sent(execution: Execution, outcome: Outcome) -> SendResult:
    return SendResult(execution, timezone.now(), not_sent(outcome))


def _bare(sent: SendResult) -> SendResult:
    outcome = replace(sent.record.outcome, detail="It was sent; what came back cannot be stored.", disable=False)
    return replace(sent, record=Record({}, None, outcome, sent.record.seconds))


def _attempt(sent: SendResult) -> Attempt:
    return Attempt(
        execution_id=sent.execution.pk,
        number=sent.execution.attempts_made,
        started_at=sent.started_at,
        seconds=round(sent.record.seconds, 4),
        ok=sent.record.outcome.ok,
        detail=sent.record.outcome.detail[:500],
        request=sent.record.request or None,
        reply=sent.record.reply,
    )


def _finish(lease: str, results: list[SendResult]) -> None:
    """End those that worked, unless another worker has taken one over since. One statement for each answer."""
    said: dict[str, list[int]] = defaultdict(list)
    for sent in results:
        _count(sent, "ok")
        said[sent.record.outcome.detail].append(sent.execution.pk)
    for detail, ids in said.items():
        compiled_statements.update(
            Execution, ids, Execution.ended(ExecutionState.DELIVERED, detail), lease=lease, state=ExecutionState.PENDING
        )


def _note(results: Iterable[SendResult], now: datetime) -> None:
    """Let the providers know which receivers failed, and which that had failed took something again."""
    # What was not sent says nothing of its receiver.
    sent = [one for one in results if one.record.request]
    worked = {one.execution.receiver_key: one.receiver for one in sent if one.record.outcome.ok}
    failed = {one.execution.receiver_key for one in sent} - worked.keys()
    recovered = {receiver_key for receiver_key, receiver in worked.items() if receiver is not None and receiver.failing}
    ids: dict[type[Provider], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for place, receiver_keys in enumerate((recovered, failed)):
        for provider, pk in map(provider_of, receiver_keys):
            ids[provider][place].add(pk)
    for provider, (good, bad) in ids.items():
        provider.note(good, bad, now)


def _wait(lease: str, results: list[SendResult], now: datetime) -> None:
    """Look again soon, however long it takes until somebody mends it. Nothing was tried."""
    for sent in results:
        _held(lease, [sent.execution.pk]).update(
            next_attempt_at=now + timedelta(seconds=_WAIT_SECONDS), leased_until=None, lease="",
            reason=sent.record.outcome.detail[:500], attempts_made=F("attempts_made") - 1,
        )  # fmt: skip


def _settle(lease: str, sent: SendResult, now: datetime) -> datetime | None:
    """Move on what did not work, unless another worker has taken it over since; give when it is tried again."""
    execution, outcome = sent.execution, sent.record.outcome
    held = _held(lease, [execution.pk])
    if outcome.disable:
        provider, pk = provider_of(execution.receiver_key)
        provider.disable(pk, outcome.detail)
    again = _again(sent, now) if outcome.retry else None
    _count(sent, "failed" if again is None else "retried")
    if again is None:
        held.update(**Execution.ended(ExecutionState.FAILED, outcome.detail))
        return None
    uncounted = int(_is_announced(sent))
    held.update(
        next_attempt_at=again, leased_until=None, lease="", reason=outcome.detail[:500],
        attempts_before=F("attempts_before") + uncounted,
    )  # fmt: skip
    if uncounted:
        claims.postpone(execution.receiver_key, again)
    return again


def _count(sent: SendResult, outcome: str) -> None:
    """Count the attempt for `/metrics`, with what ended by it, and how late the first one was."""
    execution, kind = sent.execution, prometheus_metrics.receiver_kind(sent.execution.receiver_key)
    prometheus_metrics.ATTEMPTS.count(kind, outcome)
    if outcome != "retried":
        ended = ExecutionState.DELIVERED if outcome == "ok" else ExecutionState.FAILED
        prometheus_metrics.EXECUTIONS.count(kind, str(ended))
    if execution.attempts_made == 1 and sent.record.request:
        prometheus_metrics.FIRST_BYTE.observe((sent.started_at - execution.occurred_at).total_seconds(), kind)


def _is_announced(sent: SendResult) -> bool:
    """Whether the receiver said itself when to come again, so that this try uses up none. Not for ever."""
    return sent.record.outcome.announced and sent.execution.attempts_made <= _MOST_ANNOUNCED


def _again(sent: SendResult, now: datetime) -> datetime | None:
    made = sent.execution.attempts_made - sent.execution.attempts_before - _is_announced(sent)
    waited = sent.record.outcome.retry_after_seconds
    waits = sent.receiver.retry_seconds if sent.receiver else ()
    return next_attempt_at(now, made=made, retry_after_seconds=waited, waits=waits)


def _held(lease: str, ids: list[int]) -> QuerySet[Execution]:
    return Execution.objects.filter(pk__in=ids, lease=lease, state=ExecutionState.PENDING)
