"""The event ledger: publish events in the caller's transaction, and lease them to the engine in batches."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from common.data import leases
from common.data.database_clock import commit_without_waiting, database_now
from common.processes import crash_points
from common.statements import compiled_statements
from common.statements.prepared_query import PreparedQuery, PreparedValues
from common.telemetry import spans
from events import causation, fair_turns, past_events, prometheus_metrics, task_queue
from events.models import Event, Subscription
from teams.models import Team

logger = logging.getLogger(__name__)

# An event that took its judge down with it is tried alone, and given up after this many tries.
MOST_CLAIMS = 5
_failed: set[str] = set()
# In an event's data: the automations whose question it answers, where it is for no other.
ONLY_FOR = "only_for"
# The trace of the request that caused it, where traces are kept.
TRACEPARENT = "traceparent"
# Any number that no other lock of this database uses.
_CLAIM_LOCK = 7_265_110


def has_subscribers(kind: str, scopes: Iterable[str]) -> bool:
    """Whether anybody subscribes to this kind of event in one of these scopes."""
    named = {f"scope{place}": scope for place, scope in enumerate(scopes)}
    return bool(named) and _of_scopes(len(named)).first(kind=kind, **named) is not None


def subscriptions_of(kind: str, scopes: Sequence[Any]) -> QuerySet[Subscription]:
    """Give the subscriptions to ask for in another query, such as with `Exists`; scopes may be expressions of it."""
    return Subscription.objects.filter(kind=kind, scope__in=scopes, subscribers__gt=0)


@cache
def _of_scopes(count: int) -> PreparedQuery[Subscription]:
    """Prepare the question for so many scopes: it is asked with everything that happens."""
    names = dict.fromkeys((f"scope{place}" for place in range(count)), str)
    return PreparedQuery(_subscribed, kind=str, **names)


def _subscribed(kind: str, **scopes: str) -> QuerySet[Subscription]:
    return subscriptions_of(kind, list(scopes.values())).only("pk")[:1]


@dataclass(frozen=True)
class EventScope:
    """Where something happened, and in which order it is judged (events of one stream are ordered)."""

    team: Team
    scopes: list[str]
    stream: str


def publish(kind: str, place: EventScope, data: Mapping[str, Any], *, actor: str = "") -> Event:
    """Publish an event in the caller's transaction; after its commit the engine is woken.

    An event that nobody hears is kept as processed: a backtest still finds it. Nobody hears what is imported.
    """
    is_heard = not past_events.is_past() and has_subscribers(kind, place.scopes)
    return _write(Event(kind=kind, data=dict(data), actor=actor), place, is_heard)


def publish_if_subscribed(
    kind: str, place: EventScope, data: Mapping[str, Any], *, actor: str = "", is_heard: bool | None = None
) -> Event | None:
    """Publish where somebody subscribes, and write no row elsewhere: for what happens often.

    `is_heard` says whether somebody does, where the caller has asked (`subscriptions_of`).
    """
    if past_events.is_past():
        return None
    if is_heard is False or (is_heard is None and not has_subscribers(kind, place.scopes)):
        return None
    return _write(Event(kind=kind, data=dict(data), actor=actor), place, True)


def _write(event: Event, place: EventScope, subscribed: bool) -> Event:
    if not connection.in_atomic_block:
        raise RuntimeError("publish() stands in the transaction of the change it tells of")
    event.team, event.scopes, event.stream = place.team, place.scopes, place.stream
    event.depth, event.occurred_at = causation.depth(), past_events.moment()
    if parent := spans.traceparent():
        event.data[TRACEPARENT] = parent
    if event.depth > causation.MOST_DEPTH:
        subscribed, event.problem = False, f"Not judged: it is {event.depth} deliveries away from what a person did."
    event.processed_at = None if subscribed else timezone.now()
    compiled_statements.insert_row(event)
    prometheus_metrics.EVENTS.count(event.kind, "waiting" if subscribed else "unheard")
    if subscribed:
        crash_points.reached("event.written")
        transaction.on_commit(_committed)
    return event


def _committed() -> None:
    crash_points.reached("event.committed")
    task_queue.wake()


def set_subscribers(kind: str, scope: str, count: Callable[[], int]) -> None:
    """Set how many subscribe, in the caller's transaction.

    The row is locked before the count: else one who leaves could overwrite one who came meanwhile.
    """
    Subscription.objects.get_or_create(kind=kind, scope=scope)
    row = Subscription.objects.select_for_update().get(kind=kind, scope=scope)
    row.subscribers = count()
    row.save(update_fields=["subscribers"])


def unprocessed(streams: Iterable[str]) -> QuerySet[Event]:
    """Give the events of these streams that are still to be judged, in their order."""
    return Event.objects.filter(processed_at__isnull=True, stream__in=set(streams)).order_by("id")


def has_unprocessed() -> bool:
    return bool(_one_that_waits.rows(now=database_now()))


def oldest_seconds() -> float:
    """Give how long the oldest event has waited to be judged; 0 where none waits."""
    oldest = Event.objects.filter(processed_at__isnull=True).order_by("id").first()
    return max((database_now() - oldest.occurred_at).total_seconds(), 0.0) if oldest else 0.0


def waiting_count() -> int:
    """Give how many events wait to be judged."""
    return Event.objects.filter(processed_at__isnull=True).count()


def claim(seconds: int | None = None) -> tuple[str, list[Event]]:
    """Lease the events whose turn it is, in order, to be judged within the time given.

    Nobody else gets an event of the same stream until these are settled or the lease runs out.
    """
    lease = leases.new_lease()
    with transaction.atomic():
        # What is judged is stored in a commit that does wait, and this one with it.
        commit_without_waiting()
        _one_at_a_time()
        now = database_now()
        events = fair_turns.next_in_turn(now)
        # A suspect goes alone, so that it takes no other down with it.
        suspect = next((place for place, event in enumerate(events) if event.claims), None)
        if suspect is not None:
            events = events[: max(suspect, 1)]
        if events and events[0].claims >= MOST_CLAIMS:
            _set_aside(events.pop(0))
        until = now + timedelta(seconds=seconds or settings.LEASE_SECONDS)
        # All the same: either nobody has tried these, or it is a suspect alone.
        claims = events[0].claims + 1 if events else 0
        changes = {"lease": lease, "leased_until": until, "claims": claims}
        compiled_statements.update(Event, [event.pk for event in events], changes)
    if events:
        crash_points.reached("event.claimed")
    return lease, events


def note_failure(lease: str) -> None:
    """Remember that these will not be settled, for `recover`: the database may be away right now."""
    _failed.add(lease)


def recover() -> None:
    """Release abandoned leases: of processes of this host that are gone, and of this one where it failed."""
    held = Event.objects.filter(processed_at__isnull=True, leased_until__isnull=False)
    gone = leases.abandoned(held.values_list("lease", flat=True).distinct()) | _failed
    if gone:
        held.filter(lease__in=gone).update(leased_until=None)
        _failed.clear()


def mark_processed(lease: str, events: Iterable[Event]) -> None:
    """Mark the events processed, in the caller's transaction. Raises LeaseLost where another worker has them."""
    kinds = {event.pk: event.kind for event in events}
    # Who holds them under this name has not marked them yet: others that marked them wrote another name.
    changes = {"processed_at": database_now(), "leased_until": None}
    if compiled_statements.update(Event, list(kinds), changes, lease=lease) != len(kinds):
        raise LeaseLost("These events took longer than their lease, and another worker has them now.")
    for kind, count in Counter(kinds.values()).items():
        prometheus_metrics.EVENTS.count(kind, "judged", amount=count)


def release(lease: str, events: Iterable[Event]) -> None:
    """Release the lease of events that were claimed and not judged."""
    ids = [event.pk for event in events]
    held = Event.objects.filter(pk__in=ids, lease=lease, processed_at__isnull=True)
    if ids:
        held.update(leased_until=None, lease="", claims=F("claims") - 1)


class LeaseLost(Exception):
    """What was done under the lease must be rolled back."""


def _set_aside(event: Event) -> None:
    problem = f"Judging it took its worker down {event.claims} times."
    Event.objects.filter(pk=event.pk).update(processed_at=database_now(), lease="", problem=problem)
    prometheus_metrics.EVENTS.count(event.kind, "set_aside")
    logger.error("event %s (%s) is set aside: %s", event.pk, event.kind, problem)


_one_that_waits = PreparedValues(lambda now: fair_turns.claimable(now).values_list("pk")[:1], now=datetime)


def _one_at_a_time() -> None:
    """Let one claim finish before the next looks: SKIP LOCKED would break the order of a stream.

    SQLite's transactions are IMMEDIATE, so there it is so already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
