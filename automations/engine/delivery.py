"""Send what is due: what each delivery needs is gathered before, and what came of it is stored after."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from automations.engine import claims
from automations.engine.retries import next_attempt_at
from automations.models import Attempt, Execution, State
from automations.outgoing import Outgoing, Packing, Unsendable, not_sent, occasion_of
from common import crashes, statements
from common.clock import database_now
from integrations.provider import Endpoint, Outcome, Provider, Record, endpoints_of, provider_of

logger = logging.getLogger(__name__)

# From one look to the next at what waits for somebody to mend something.
_WAIT_SECONDS = 15
# A receiver that announces when to come again may do so this often; after that its tries count like any other's.
_MOST_ANNOUNCED = 100


@dataclass(frozen=True)
class Parcel:
    """An execution with everything its sending needs, so that the sending itself touches no database."""

    execution: Execution
    outgoing: Outgoing


@dataclass(frozen=True)
class Sent:
    """What came of one attempt, and what the receiver was when it was made: None where none was there."""

    execution: Execution
    started_at: datetime
    record: Record
    endpoint: Endpoint | None = None


def pack(executions: Iterable[Execution]) -> tuple[list[Parcel], list[Sent]]:
    """Give what can be sent, and the outcomes of what cannot."""
    rows = list(executions)
    packing = Packing(endpoints_of(execution.target for execution in rows))
    parcels, refused = [], []
    for execution in rows:
        try:
            parcels.append(Parcel(execution, packing.of_execution(execution)))
        except Unsendable as error:
            refused.append(_not_sent(execution, Outcome(False, str(error), waits=error.waits)))
    return parcels, refused


def deliver(parcel: Parcel) -> Sent:
    """Send the parcel. For a thread: it touches no database, and what goes wrong is an outcome."""
    started_at = timezone.now()
    execution = parcel.execution
    try:
        crashes.reached("delivery.sending")
        record = parcel.outgoing.send(occasion_of(execution), execution.delivery_id)
        crashes.reached("delivery.sent")
    except Exception as error:
        # The edge of the thread: a lost result would leave the execution leased until it counts as lost.
        logger.exception("execution %s could not be sent", execution.pk)
        return _not_sent(execution, Outcome(False, f"Runbell failed to send it: {type(error).__name__}.", retry=True))
    return Sent(execution, started_at, record, parcel.outgoing.endpoint)


def store(lease: str, results: list[Sent]) -> None:
    """Write the attempts and what follows from them."""
    if not results:
        return
    crashes.reached("delivery.unstored")
    with transaction.atomic():
        now = database_now()
        _wait(lease, [sent for sent in results if sent.record.outcome.waits], now)
        results = [sent for sent in results if not sent.record.outcome.waits]
        statements.insert([_attempt(sent) for sent in results])
        _finish(lease, [sent for sent in results if sent.record.outcome.ok])
        for sent in results:
            if not sent.record.outcome.ok:
                _settle(lease, sent, now)
        _note(results, now)
        crashes.reached("delivery.storing")
    crashes.reached("delivery.stored")


def store_singly(lease: str, results: list[Sent]) -> None:
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


def still_held(lease: str, results: list[Sent]) -> list[Sent]:
    """Give those that are not stored yet."""
    held = set(_held(lease, [sent.execution.pk for sent in results]).values_list("pk", flat=True))
    return [sent for sent in results if sent.execution.pk in held]


def _not_sent(execution: Execution, outcome: Outcome) -> Sent:
    return Sent(execution, timezone.now(), not_sent(outcome))


def _bare(sent: Sent) -> Sent:
    outcome = replace(sent.record.outcome, detail="It was sent; what came back cannot be stored.", disable=False)
    return replace(sent, record=Record({}, None, outcome, sent.record.seconds))


def _attempt(sent: Sent) -> Attempt:
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


def _finish(lease: str, results: list[Sent]) -> None:
    """End those that worked, unless another worker has taken one over since. One statement for each answer."""
    said: dict[str, list[int]] = defaultdict(list)
    for sent in results:
        said[sent.record.outcome.detail].append(sent.execution.pk)
    for detail, ids in said.items():
        statements.update(Execution, ids, Execution.ended(State.FINISHED, detail), lease=lease, state=State.PENDING)


def _note(results: Iterable[Sent], now: datetime) -> None:
    """Let the providers know which receivers failed, and which that had failed took something again."""
    # What was not sent says nothing of its receiver.
    sent = [one for one in results if one.record.request]
    worked = {one.execution.target: one.endpoint for one in sent if one.record.outcome.ok}
    failed = {one.execution.target for one in sent} - worked.keys()
    recovered = {target for target, endpoint in worked.items() if endpoint is not None and endpoint.failing}
    ids: dict[type[Provider], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for place, targets in enumerate((recovered, failed)):
        for provider, pk in map(provider_of, targets):
            ids[provider][place].add(pk)
    for provider, (good, bad) in ids.items():
        provider.note(good, bad, now)


def _wait(lease: str, results: list[Sent], now: datetime) -> None:
    """Look again soon, however long it takes until somebody mends it. Nothing was tried."""
    for sent in results:
        _held(lease, [sent.execution.pk]).update(
            next_attempt_at=now + timedelta(seconds=_WAIT_SECONDS), leased_until=None, lease="",
            reason=sent.record.outcome.detail[:500], attempts_made=F("attempts_made") - 1,
        )  # fmt: skip


def _settle(lease: str, sent: Sent, now: datetime) -> None:
    """Move on what did not work, unless another worker has taken it over since."""
    execution, outcome = sent.execution, sent.record.outcome
    held = _held(lease, [execution.pk])
    if outcome.disable:
        provider, pk = provider_of(execution.target)
        provider.disable(pk, outcome.detail)
    again = _again(sent, now) if outcome.retry else None
    if again is None:
        held.update(**Execution.ended(State.FAILED, outcome.detail))
        return
    uncounted = int(_is_announced(sent))
    held.update(
        next_attempt_at=again, leased_until=None, lease="", reason=outcome.detail[:500],
        attempts_before=F("attempts_before") + uncounted,
    )  # fmt: skip
    if uncounted:
        claims.postpone(execution.target, again)


def _is_announced(sent: Sent) -> bool:
    """Whether the receiver said itself when to come again, so that this try uses up none. Not for ever."""
    return sent.record.outcome.announced and sent.execution.attempts_made <= _MOST_ANNOUNCED


def _again(sent: Sent, now: datetime) -> datetime | None:
    made = sent.execution.attempts_made - sent.execution.attempts_before - _is_announced(sent)
    waited = sent.record.outcome.retry_after_seconds
    waits = sent.endpoint.retry_seconds if sent.endpoint else ()
    return next_attempt_at(now, made=made, retry_after_seconds=waited, waits=waits)


def _held(lease: str, ids: list[int]) -> QuerySet[Execution]:
    return Execution.objects.filter(pk__in=ids, lease=lease, state=State.PENDING)
