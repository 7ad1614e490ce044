"""Judge events: which automations listen, what they must remember, which fire."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import transaction

from automations.engine import recording
from automations.engine.evidence import StoredEvidence
from automations.engine.judging import Decision, Judge
from automations.engine.listener import Listener, readable
from automations.engine.recording import StoredKnowledge
from automations.engine.restraint import Restraint
from automations.models import Automation
from common import crashes
from events import heartbeat, ledger, types
from events.models import Event
from events.types import EventType, Happening

logger = logging.getLogger(__name__)

# By scope and event type.
Listeners = dict[tuple[str, str], list[Listener]]
Meeting = tuple[Event, list[tuple[Listener, Happening]]]
# What is judged must be stored before the lease ends, also where each event takes long.
_SHARE_OF_LEASE = 1 / 3


def evaluate() -> int:
    """Judge one batch of the events that wait; give how many. What they cause is stored whole or not at all."""
    if not ledger.has_waiting():
        return 0
    lease, events = ledger.claim()
    if not events:
        return 0
    try:
        return _judge_and_store(lease, events)
    except Exception:
        # Such as a database that is away: this process lives on, and nobody else would free them before their time.
        ledger.note_failure(lease)
        raise


def _judge_and_store(lease: str, events: list[Event]) -> int:
    listeners = _listeners(events)
    try:
        try:
            return _store_judged(lease, events, listeners)
        except _Overtaken:
            # Once more, and nobody else lets these fire meanwhile.
            with transaction.atomic():
                recording.lock({one.automation.pk for some in listeners.values() for one in some})
                return _store_judged(lease, events, listeners)
    except ledger.LeaseLost as error:
        logger.warning("%s events judged in vain: %s", len(events), error)
        return len(events)


def _store_judged(lease: str, events: list[Event], listeners: Listeners) -> int:
    """Judge what the lease leaves time for and store what follows; give how many. Raises LeaseLost and _Overtaken."""
    subjects = {event.stream for event in events}
    knowledge = StoredKnowledge(subjects)
    source, restraint = StoredEvidence(subjects), Restraint(knowledge)
    judged, decisions = _judge(_meetings(events, listeners), Judge(source, restraint))
    crashes.reached("event.judged")
    with transaction.atomic():
        if knowledge.is_overtaken(one.listener.automation.pk for one in decisions if one.fires):
            raise _Overtaken
        ledger.settle(lease, judged)
        ledger.give_back(lease, events[len(judged) :])
        source.store()
        recording.store(decisions, restraint.changed)
        crashes.reached("event.storing")
    crashes.reached("event.stored")
    return len(judged)


class _Overtaken(Exception):
    """Another worker let the same automations fire: what was counted for their rate limit is too little."""


def _judge(meetings: Iterable[Meeting], judge: Judge) -> tuple[list[Event], list[Decision]]:
    """Judge the events in order, as many as the lease leaves time for: at least one."""
    until = time.monotonic() + settings.LEASE_SECONDS * _SHARE_OF_LEASE
    judged: list[Event] = []
    decisions: list[Decision] = []
    for event, heard in meetings:
        if judged and time.monotonic() > until:
            break
        for listener, happening in heard:
            heartbeat.beat()
            decisions += judge.hear(listener, happening)
        judged.append(event)
    return judged, decisions


def _listeners(events: Iterable[Event]) -> Listeners:
    """Give the enabled automations of these events by scope and event type, with one query."""
    scopes = {scope for event in events for scope in event.scopes}
    kinds = {event.kind for event in events}
    event_types = [event_type.key for event_type in types.registry if event_type.kind in kinds]
    rows = Automation.objects.filter(
        enabled=True, deleted_at__isnull=True, scope__in=scopes, event_type__in=event_types
    ).order_by("id")
    found: dict[tuple[str, str], list[Listener]] = defaultdict(list)
    for listener in readable(rows):
        found[listener.automation.scope, listener.automation.event_type].append(listener)
    return found


def _meetings(events: list[Event], listeners: Listeners) -> Iterator[Meeting]:
    """Give each event with who hears what of it, in the order it happened."""
    heard: dict[str, dict[int, Happening]] = {}
    known: dict[tuple[str, object], dict[int, Happening]] = {}
    for event_type in {key for _scope, key in listeners}:
        kind: type[EventType] = types.registry.get(event_type)
        # Types that watch the same rows in the same way are read once.
        read = (kind.kind, getattr(kind.happenings, "__func__", None))
        if read not in known:
            known[read] = kind.happenings([event for event in events if event.kind == kind.kind])
        heard[event_type] = known[read]
    for event in events:
        yield (
            event,
            [
                (listener, happenings[event.pk])
                for event_type, happenings in heard.items()
                if event.pk in happenings
                for scope in event.scopes
                for listener in listeners.get((scope, event_type), ())
                if listener.automation.pk in event.data.get(ledger.ONLY_FOR, (listener.automation.pk,))
            ],
        )
