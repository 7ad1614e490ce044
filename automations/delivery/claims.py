"""Claiming due executions: leases, fairness over teams, and recovery of what a lost worker held."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain, takewhile, zip_longest

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Min, Q, QuerySet

from automations.models import Attempt, Execution, ExecutionState
from common.data import leases
from common.data.database_clock import database_now
from common.statements.prepared_query import PreparedValues
from events import prometheus_metrics

# A delivery that took its worker down this often is set aside. The last time it is alone, so that it is to blame.
MOST_LOSSES = 3
# How long a claimed execution may wait for its turn before it is given back.
TURN_SECONDS = 10
# For rendering, storing, a busy machine: beyond the turn and the deadline of a delivery.
_SLACK_SECONDS = 5
# So many new ones may go at once: of each it is asked what stands before it.
MOST_AT_ONCE = 8
_CLAIM_LOCK = 7_265_111
# What sending and storing look at; half of the row, for half of the time it takes to read.
_NEEDED = (
    "automation", "receiver_key", "team", "event", "delivery_id", "action_type", "kept_action", "kept_variables",
    "template", "subject_label", "subject_url", "why", "attempts_made", "attempts_before", "lease", "occurred_at",
)  # fmt: skip
_LOST = "The worker stopped while it was sending; the receiver may have got this one."
_INTERRUPTED = "Runbell was stopped before the receiver had answered; the receiver may have got this one."


def claim(lease: str, room_at: Callable[[str], int], free: int) -> list[Execution]:
    """Lease up to `free` executions that are due, and of each receiver what `room_at` says.

    Each counts as an attempt from now on. A receiver belongs to one lease at a time, so that the holder alone keeps
    to how many may be under way to it. Teams take turns.
    """
    if free <= 0:
        return []
    with transaction.atomic():
        _one_at_a_time()
        now = database_now()
        shares = _shares(now, lease, room_at, free)
        return _leased(lease, now, chain.from_iterable(_due_at(key, now, room) for key, room in shares))


def has_due() -> bool:
    """Whether any is due that nobody holds. Asked with each turn, and nearly always all that is asked."""
    return bool(_one_due.rows(now=database_now()))


def hold_new(lease: str, executions: Iterable[Execution], room_at: Callable[[str], int]) -> list[Execution]:
    """Lease new executions before they are stored, and give those: of receivers where nothing stands before them.

    In the transaction that stores them, under the same rules as `claim`: a receiver belongs to one lease at a time.
    """
    _one_at_a_time()
    # Asked now: who had the turn before may have leased one that is due a moment later than these.
    now, held = database_now(), []
    rooms: dict[str, int] = {}
    for execution in executions:
        key = execution.receiver_key
        if key not in rooms:
            rooms[key] = 0 if _one_before.rows(now=now, receiver=key, lease=lease) else room_at(key)
        if rooms[key] > 0:
            rooms[key] -= 1
            execution.lease, execution.leased_until, execution.attempts_made = lease, _lease_end(now), 1
            held.append(execution)
    return held


def oldest_due_seconds() -> float:
    """Give how long the oldest that is due has waited for a worker; 0 where none waits.

    What waits for its turn at a receiver that a worker is busy with is not counted: that one is slow, not the worker.
    """
    now = database_now()
    due = _waiting(now).exclude(receiver_key__in=_taken(now, ""))
    oldest = due.aggregate(oldest=Min("next_attempt_at"))["oldest"]
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def waiting_counts() -> dict[str, int]:
    """Give how many deliveries wait, due or for later, by kind of receiver."""
    rows = Execution.objects.filter(state=ExecutionState.PENDING).values_list("receiver_key").annotate(Count("pk"))
    found: Counter[str] = Counter()
    for receiver_key, count in rows.order_by():
        found[prometheus_metrics.receiver_kind(receiver_key)] += count
    return dict(found)


def claim_more(lease: str, rooms: Mapping[str, int]) -> list[Execution]:
    """Lease more for receivers that this lease holds already. Cheaper than `claim`: it looks at no others."""
    with transaction.atomic():
        _one_at_a_time()
        now = database_now()
        taken = _taken(now, lease)
        return _leased(
            lease,
            now,
            [pk for key, room in rooms.items() if key not in taken for pk in _due_at(key, now, room)],
        )


def claim_last_chance(lease: str) -> list[Execution]:
    """Lease one that is set aside if it takes its worker down once more. Nothing else may be held under the lease."""
    if not _one_last_chance.rows(now=database_now()):
        return []
    with transaction.atomic():
        _one_at_a_time()
        now = database_now()
        free = _last_chances(now).exclude(receiver_key__in=_taken(now, lease)).order_by("next_attempt_at", "id")
        return _leased(lease, now, free.values_list("pk", flat=True)[:1])


def give_back(lease: str, executions: Iterable[Execution]) -> None:
    """Free what was claimed and not begun: no attempt was made."""
    ids = [execution.pk for execution in executions]
    if ids:  # nearly each time there are none, and even the statement of nothing takes its time
        held = Execution.objects.filter(pk__in=ids, lease=lease, state=ExecutionState.PENDING)
        held.update(lease="", leased_until=None, attempts_made=F("attempts_made") - 1)


def note_stop(lease: str) -> str:
    """Rename the lease to one of a planned stop, and give that: what ends with its process then counts as no loss."""
    name = leases.stopping(lease)
    Execution.objects.filter(lease=lease, state=ExecutionState.PENDING, leased_until__isnull=False).update(lease=name)
    return name


def interrupt(lease: str) -> None:
    """Free what a planned stop does not wait for any longer. It is sent again, and uses up no try."""
    held = Execution.objects.filter(lease=lease, state=ExecutionState.PENDING, leased_until__isnull=False)
    now = database_now()
    for execution in held:
        with transaction.atomic():
            _recover(execution, now)


def postpone(key: str, until: datetime) -> None:
    """Let nothing that waits for this receiver go before then."""
    waiting = Execution.objects.filter(receiver_key=key, state=ExecutionState.PENDING, leased_until__isnull=True)
    waiting.filter(next_attempt_at__lt=until).update(next_attempt_at=until)


def extend(lease: str, executions: Iterable[Execution], *, deadline_seconds: int) -> None:
    """Hold these for longer: their receivers have more time to answer than the installation gives."""
    until = database_now() + timedelta(seconds=TURN_SECONDS + deadline_seconds + _SLACK_SECONDS)
    ids = [execution.pk for execution in executions]
    Execution.objects.filter(pk__in=ids, lease=lease, state=ExecutionState.PENDING).update(leased_until=until)


def recover(limit: int = 200) -> int:
    """Free the executions whose worker is gone, and note the attempt that was lost; give how many.

    Only where nobody had asked it to stop is the delivery a suspect.
    """
    now = database_now()
    held = Execution.objects.filter(state=ExecutionState.PENDING, leased_until__isnull=False)
    gone = leases.abandoned(held.values_list("lease", flat=True).distinct())
    lost = held.filter(Q(leased_until__lte=now) | Q(lease__in=gone))
    recovered = 0
    for execution in lost[:limit]:
        with transaction.atomic():
            recovered += _recover(execution, now)
    return recovered


def _recover(execution: Execution, now: datetime) -> int:
    held = Execution.objects.filter(pk=execution.pk, lease=execution.lease, state=ExecutionState.PENDING)
    is_planned = leases.is_stopping(execution.lease)
    losses = execution.losses + (not is_planned)
    if is_planned:
        freed = held.update(attempts_before=F("attempts_before") + 1, leased_until=None, lease="", next_attempt_at=now)
    elif losses >= MOST_LOSSES:
        reason = f"Set aside: sending it took the worker down {losses} times."
        freed = held.update(**Execution.ended(ExecutionState.FAILED, reason), losses=losses)
    else:
        freed = held.update(losses=losses, leased_until=None, lease="", next_attempt_at=now)
    if freed:
        detail = _INTERRUPTED if is_planned else _LOST
        kind = prometheus_metrics.receiver_kind(execution.receiver_key)
        prometheus_metrics.ATTEMPTS.count(kind, "interrupted" if is_planned else "lost")
        if not is_planned and losses >= MOST_LOSSES:
            prometheus_metrics.EXECUTIONS.count(kind, "set_aside")
        Attempt.objects.create(
            execution=execution, number=execution.attempts_made, started_at=now, ok=False, detail=detail
        )
    return freed


def _leased(lease: str, now: datetime, ids: Iterable[int]) -> list[Execution]:
    found = list(ids)
    if not found:
        return []
    claimed = Execution.objects.filter(pk__in=found)
    claimed.update(lease=lease, leased_until=_lease_end(now), attempts_made=F("attempts_made") + 1)
    return list(claimed.order_by("next_attempt_at", "id").select_related("template").only(*_NEEDED))


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=TURN_SECONDS + settings.DELIVERY_DEADLINE_SECONDS + _SLACK_SECONDS)


def _due(now: datetime) -> QuerySet[Execution]:
    return _waiting(now).filter(losses__lt=MOST_LOSSES - 1)


def _last_chances(now: datetime) -> QuerySet[Execution]:
    return _waiting(now).filter(losses__gte=MOST_LOSSES - 1)


def _waiting(now: datetime) -> QuerySet[Execution]:
    return Execution.objects.filter(state=ExecutionState.PENDING, leased_until__isnull=True, next_attempt_at__lte=now)


def _before(now: datetime, receiver: str, lease: str) -> QuerySet[Execution]:
    """What stands before a new one at its receiver: due, or under another lease."""
    due = Execution.objects.filter(state=ExecutionState.PENDING, receiver_key=receiver, next_attempt_at__lte=now)
    return due.exclude(leased_until__isnull=False, lease=lease)


_one_due = PreparedValues(lambda now: _waiting(now).values_list("pk")[:1], now=datetime)
_one_last_chance = PreparedValues(lambda now: _last_chances(now).values_list("pk")[:1], now=datetime)
_one_before = PreparedValues(
    lambda now, receiver, lease: _before(now, receiver, lease).values_list("pk")[:1],
    now=datetime, receiver=str, lease=str,
)  # fmt: skip


def _taken(now: datetime, lease: str) -> set[str]:
    """Give the receivers that another lease holds."""
    elsewhere = Execution.objects.filter(state=ExecutionState.PENDING, leased_until__gt=now).exclude(lease=lease)
    return set(elsewhere.values_list("receiver_key", flat=True).distinct())


def _due_at(key: str, now: datetime, room: int) -> list[int]:
    """Give the oldest. What took a worker down before goes alone, so that it takes no other down with it."""
    due = _due(now).filter(receiver_key=key).order_by("next_attempt_at", "id")
    rows = list(due.values_list("pk", "losses")[:room])
    innocent = [pk for pk, _losses in takewhile(lambda row: not row[1], rows)]
    return innocent or [pk for pk, _losses in rows[:1]]


def _shares(now: datetime, lease: str, room_at: Callable[[str], int], free: int) -> list[tuple[str, int]]:
    """Give the receivers to claim for, and how many each: one team after the other, the longest wait first."""
    taken = _taken(now, lease)
    waiting: dict[int, list[tuple[str, int]]] = defaultdict(list)
    groups = _due(now).values("receiver_key", "team").annotate(oldest=Min("next_attempt_at"), due=Count("pk"))
    for group in groups.order_by("oldest"):
        key = group["receiver_key"]
        room = 0 if key in taken else min(room_at(key), group["due"])
        if room > 0:
            waiting[group["team"]].append((key, room))
    in_turn = [turn for row in zip_longest(*waiting.values()) for turn in row if turn is not None]
    return _shared(in_turn, free)


def _shared(rooms: Iterable[tuple[str, int]], free: int) -> list[tuple[str, int]]:
    """Share the free places evenly, in turn; what one receiver does not need, the others get."""
    left, shared = list(rooms), []
    while left and free > 0:
        key, room = left[0]
        given = min(room, max(free // len(left), 1))
        shared.append((key, given))
        free -= given
        left = left[1:]
    return shared


def _one_at_a_time() -> None:
    """Let one claim finish before the next counts what is under way. SQLite's IMMEDIATE does so already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
