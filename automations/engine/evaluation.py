"""Evaluation of events: load the automations that listen, judge, and store in one transaction."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, repeat

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from artifacts.access import inactive_scopes
from automations.delivery.dispatch import Dispatch
from automations.engine import recording
from automations.engine.judging import Decision, Judge
from automations.engine.loaded_automation import LoadedAutomation, load_automations
from automations.engine.recording import StoredThrottling
from automations.engine.silencing import StoredSilences
from automations.engine.stored_evidence import StoredEvidence
from automations.engine.throttling import Throttling
from automations.models import Automation
from common.logs import log_context
from common.processes import crash_points
from common.statements.prepared_query import PreparedQuery
from common.telemetry import spans
from common.telemetry.spans import SpanKind
from events import event_types, ledger, worker_drain, worker_heartbeat
from events.event_types import EventContext, EventType
from events.models import Event

logger = logging.getLogger(__name__)

# By scope and event type.
LoadedAutomations = dict[tuple[str, str], list[LoadedAutomation]]
Contexts = dict[str, dict[int, EventContext]]
HeardEvent = tuple[Event, list[tuple[LoadedAutomation, EventContext]]]
# What is judged must be stored before the lease ends, also where each event takes long.
_SHARE_OF_LEASE = 1 / 3
# Of so many scopes and event types the question is prepared.
_FEW = 5


def evaluate(dispatch: Dispatch | None = None) -> int:
    """Judge one batch of the events that wait; give how many. What they cause is stored whole or not at all.

    Where little comes of it, and nothing stands before that, it goes to the dispatch at once.
    """
    if not ledger.has_unprocessed():
        return 0
    lease, events = ledger.claim()
    if not events:
        return 0
    try:
        return _judge_and_store(lease, events, dispatch)
    except Exception:
        # Such as a database that is away: this process lives on, and nobody else would free them before their time.
        ledger.note_failure(lease)
        raise


def _judge_and_store(lease: str, events: list[Event], dispatch: Dispatch | None) -> int:
    automations = _loaded_automations(events)
    try:
        try:
            return _store_judged(lease, events, automations, dispatch)
        except _Overtaken:
            # Once more, and nobody else lets these fire meanwhile.
            with transaction.atomic():
                recording.lock({one.automation.pk for some in automations.values() for one in some})
                return _store_judged(lease, events, automations, None)
    except ledger.LeaseLost as error:
        logger.warning("%s events judged in vain: %s", len(events), error)
        return len(events)


def _store_judged(
    lease: str, events: list[Event], automations: LoadedAutomations, dispatch: Dispatch | None
) -> int:  # fmt: skip
    """Judge what the lease leaves time for and store what follows; give how many. Raises LeaseLost and _Overtaken."""
    contexts = _contexts(events, automations)
    knowledge = StoredThrottling({key: found.values() for key, found in contexts.items()})
    source, throttling = StoredEvidence({event.stream for event in events}), Throttling(knowledge)
    judged, decisions = _judge(
        _heard_events(events, automations, contexts), Judge(source, throttling, StoredSilences())
    )
    crash_points.reached("event.judged")
    with transaction.atomic():
        if knowledge.is_overtaken(one.loaded.automation.pk for one in decisions if one.fires):
            raise _Overtaken
        ledger.mark_processed(lease, judged)
        ledger.release(lease, events[len(judged) :])
        source.store()
        taken = recording.store(decisions, throttling.changed, dispatch.hold_new if dispatch else recording.hold_none)
        crash_points.reached("event.storing")
    crash_points.reached("event.stored")
    if dispatch:
        dispatch.go(taken)
    return len(judged)


class _Overtaken(Exception):
    """Another worker let the same automations fire: what was counted for their rate limit is too little."""


def _judge(heard_events: Iterable[HeardEvent], judge: Judge) -> tuple[list[Event], list[Decision]]:
    """Judge the events in order, as many as the lease or a stop leaves time for: at least one."""
    until = time.monotonic() + settings.LEASE_SECONDS * _SHARE_OF_LEASE
    judged: list[Event] = []
    decisions: list[Decision] = []
    for event, heard in heard_events:
        if judged and (time.monotonic() > until or worker_drain.is_stopping()):
            break
        with log_context.about(event=event.pk), _span(event):
            for loaded, context in heard:
                worker_heartbeat.record_worker_heartbeat()
                decisions += judge.decide(loaded, context)
        judged.append(event)
    return judged, decisions


def _span(event: Event) -> AbstractContextManager[spans.Span]:
    return spans.span(f"judge {event.kind}", SpanKind.CONSUMER, event.data.get(ledger.TRACEPARENT, ""))


def _loaded_automations(events: Iterable[Event]) -> LoadedAutomations:
    """Give the enabled automations of these events by scope and event type, with one query."""
    scopes = {scope for event in events for scope in event.scopes}
    kinds = {event.kind for event in events}
    keys = [event_type.key for event_type in event_types.registry if event_type.kind in kinds]
    rows = _few_automations(scopes, keys) if len(scopes) <= _FEW and len(keys) <= _FEW else _listening(scopes, keys)
    found: dict[tuple[str, str], list[LoadedAutomation]] = defaultdict(list)
    for loaded in load_automations(rows):
        found[loaded.automation.scope, loaded.automation.event_type].append(loaded)
    return found


def _listening(scopes: Iterable[str], keys: Iterable[str]) -> QuerySet[Automation]:
    listening = Automation.objects.filter(enabled=True, deleted_at__isnull=True, team__archived_at=None)
    return listening.filter(scope__in=scopes, event_type__in=keys).order_by("id")


def _few_automations(scopes: Collection[str], keys: Collection[str]) -> list[Automation]:
    """The same where one event is in hand: the places that are left over ask for nothing."""
    asked = dict(zip(_PLACES, chain(scopes, repeat("")), strict=False))
    wanted = dict(zip(_TYPES, chain(keys, repeat("")), strict=False))
    return _of_few.rows(**asked, **wanted)


_PLACES, _TYPES = tuple(f"scope{one}" for one in range(_FEW)), tuple(f"type{one}" for one in range(_FEW))
_of_few = PreparedQuery(
    lambda **asked: _listening([asked[one] for one in _PLACES], [asked[one] for one in _TYPES]),
    **dict.fromkeys((*_PLACES, *_TYPES), str),
)


def _contexts(events: list[Event], automations: LoadedAutomations) -> Contexts:
    """Give what each event is about, by the event types that somebody listens to and the event's id."""
    heard: Contexts = {}
    known: dict[tuple[str, object], dict[int, EventContext]] = {}
    for event_type in {key for _scope, key in automations}:
        kind: type[EventType] = event_types.registry.get(event_type)
        # Types that watch the same rows in the same way are read once.
        read = (kind.kind, getattr(kind.contexts, "__func__", None))
        if read not in known:
            known[read] = kind.contexts([event for event in events if event.kind == kind.kind])
        heard[event_type] = known[read]
    return heard


def _heard_events(events: list[Event], automations: LoadedAutomations, heard: Contexts) -> Iterator[HeardEvent]:
    """Give each event with who hears what of it, in the order it happened."""
    # What happens in what is archived fires nothing; nor in what is being deleted: nobody is told of it any more.
    inactive = inactive_scopes() if automations else frozenset()
    for event in events:
        yield (
            event,
            []
            if not inactive.isdisjoint(event.scopes)
            else [
                (loaded, contexts[event.pk])
                for event_type, contexts in heard.items()
                if event.pk in contexts
                for scope in event.scopes
                for loaded in automations.get((scope, event_type), ())
                if loaded.automation.pk in event.data.get(ledger.ONLY_FOR, (loaded.automation.pk,))
            ],
        )
