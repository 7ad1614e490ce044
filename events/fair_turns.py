"""Fair turns of judging: over teams, then over their projects, so that one that has much costs only itself.

Events of one stream stay in their order, whoever's turn it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from common.data import leases
from common.statements.prepared_query import PreparedQuery, PreparedValues
from events.models import Event, Subscription

BATCH = 200
# Who has more automations than these is heavy: one worker at a time judges for it, and one is left for the others.
HEAVY = 300
# So many judgements of a heavy one at a time: what comes of them is stored at once, and others wait for that.
_JUDGEMENTS = 40_000


@dataclass
class EventsUnderWay:
    """What is being judged elsewhere: its streams, the heavy places, and how many of these this host judges."""

    streams: set[str] = field(default_factory=set)
    heavy: set[str] = field(default_factory=set)
    heavy_here: int = 0


def claimable(now: Any) -> QuerySet[Event]:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Event.objects.filter(free, processed_at__isnull=True)


def next_in_turn(now: datetime) -> list[Event]:
    """Give the events whose turn it is, in their order; in the transaction that leases them."""
    leased = _leased.rows(now=now)
    oldest = _oldest.rows(now=now)
    if not leased and len(oldest) < BATCH and len({place_of(event) for event in oldest}) < 2:
        # Nearly always: one thing has happened, and nobody else is at anything.
        return oldest
    taken = {stream for stream, _scopes, _kind, _lease in leased}
    waiting = _waiting(now, oldest, taken)
    weights = _weights(waiting, leased)
    heavy = {lease: _first(scopes) for _stream, scopes, _kind, lease in leased}
    heavy = {lease: place for lease, place in heavy.items() if weights.get(place, 0) > HEAVY}
    under_way = EventsUnderWay(taken, set(heavy.values()), sum(map(leases.is_of_this_host, heavy)))
    return chosen(waiting, weights, under_way, workers=settings.Q_CLUSTER["workers"])


def chosen(
    waiting: Iterable[Event], weights: dict[str, int], under_way: EventsUnderWay, *, workers: int
) -> list[Event]:  # fmt: skip
    """Choose among events that wait: the light ones of all in turn, or else those of one heavy place."""
    places: dict[int, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in waiting:
        if event.stream not in under_way.streams:
            places[event.team_id][place_of(event)].append(event)
    light = [
        [events for place, events in of_team.items() if weights.get(place, 0) <= HEAVY] for of_team in places.values()
    ]
    if found := _in_turn(_in_turn(of_team) for of_team in light)[:BATCH]:
        return sorted(found, key=lambda event: event.pk)
    if under_way.heavy_here >= max(workers - 1, 1):
        return []
    heavy = (one for of_team in places.values() for one in of_team.items() if one[0] not in under_way.heavy)
    place, events = min(heavy, key=lambda one: one[1][0].pk, default=("", []))
    # Where nobody is left for the others, they wait for one event at most.
    return events[: max(_JUDGEMENTS // max(weights.get(place, 0), 1), 1) if workers > 1 else 1]


def place_of(event: Event) -> str:
    """Give the narrowest scope: nearly always its project."""
    return event.scopes[0] if event.scopes else ""


def _in_turn(queues: Iterable[Sequence[Event]]) -> list[Event]:
    return [event for row in zip_longest(*queues) for event in row if event is not None]


def _waiting(now: datetime, oldest: list[Event], taken: set[str]) -> list[Event]:
    """Give the oldest that wait in streams that are free, and the oldest of those that have just come, where many wait.

    Of each stream it is the beginning of what waits. All of the oldest may be of one project; who else has something
    to tell is among the newest.
    """
    if len(oldest) < BATCH:
        return [event for event in oldest if event.stream not in taken]
    free = claimable(now).exclude(stream__in=taken)
    found = {event.pk: event for event in free.order_by("id")[:BATCH]}
    places = {place_of(event) for event in found.values()}
    others = {event.stream for event in free.order_by("-id")[:BATCH] if place_of(event) not in places}
    if others:
        found |= {event.pk: event for event in free.filter(stream__in=others).order_by("id")[:BATCH]}
    return list(found.values())


def _weights(waiting: Iterable[Event], leased: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    """Give how many automations hear of what happens in each place, as far as that is asked."""
    asked = {(event.kind, tuple(event.scopes)) for event in waiting}
    asked |= {(kind, tuple(json.loads(scopes))) for _stream, scopes, kind, _lease in leased}
    scopes = {scope for _kind, places in asked for scope in places}
    rows = Subscription.objects.filter(scope__in=scopes, kind__in={kind for kind, _places in asked})
    counts = {(kind, scope): count for kind, scope, count in rows.values_list("kind", "scope", "subscribers")}
    weights: dict[str, int] = defaultdict(int)
    for kind, places in asked:
        if places:
            total = sum(counts.get((kind, scope), 0) for scope in places)
            weights[places[0]] = max(weights[places[0]], total)
    return weights


def _first(scopes: str) -> str:
    return str(next(iter(json.loads(scopes)), ""))


def _under_lease(now: Any) -> QuerySet[Event, Any]:
    leased = Event.objects.filter(processed_at__isnull=True, leased_until__gt=now)
    return leased.values_list("stream", "scopes", "kind", "lease").distinct()


_leased = PreparedValues(_under_lease, now=datetime)
_oldest = PreparedQuery(lambda now: claimable(now).order_by("id")[:BATCH], now=datetime)
