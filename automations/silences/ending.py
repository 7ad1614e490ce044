"""The end of a silence: what still holds of what it suppressed is told once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from automations.conditions.condition import Verdict
from automations.engine import recording
from automations.engine.judging import Decision
from automations.engine.loaded_automation import LoadedAutomation, UnreadableAutomation
from automations.engine.recording import StoredThrottling
from automations.engine.silencing import StoredSilences, key_of, times_of
from automations.engine.stored_evidence import StoredEvidence
from automations.engine.throttling import Suppression, Throttling
from automations.insight.explain import latest_about
from automations.models import Cooldown, Execution, ExecutionState, Silence
from common.data.database_clock import database_now
from events.event_types import EventContext

logger = logging.getLogger(__name__)
# Of what happened last to a run, so much is looked through for a value that the condition can judge.
_MOST_EVENTS = 20


def settle_ended_silences() -> int:
    """Tell what still holds of each silence whose window has ended; give how many were settled."""
    now = timezone.now()
    ended = list(Silence.objects.filter(settles_at__lte=now).order_by("settles_at")[:100])
    for silence in ended:
        _settle(silence, now)
    return len(ended)


def _settle(silence: Silence, now: datetime) -> None:
    # The others of its team hold many cooldowns: those of one silence are found by their end.
    rows = Cooldown.objects.filter(automation__team=silence.team_id, subject__endswith=key_of(silence, ""))
    for cooldown in rows.select_related("automation", "suppressed"):
        with transaction.atomic():
            recording.lock([cooldown.automation_id])
            _tell(silence, cooldown, now)
    following = None if silence.ended_at else times_of(silence).next_end(now)
    # Unless somebody ended it meanwhile.
    Silence.objects.filter(pk=silence.pk, settles_at=silence.settles_at).update(settles_at=following)


def _tell(silence: Silence, cooldown: Cooldown, now: datetime) -> None:
    """Tell of one subject if it still holds; what another silence or a cooldown suppresses now stays suppressed."""
    if not Cooldown.objects.filter(pk=cooldown.pk).delete()[0]:
        return
    if not cooldown.automation.enabled or cooldown.automation.deleted_at or cooldown.automation.deletion_id:
        return
    try:
        loaded = LoadedAutomation.of(cooldown.automation)
    except UnreadableAutomation as error:
        logger.warning("silence %s: automation %s cannot be told: %s", silence.pk, cooldown.automation_id, error)
        return
    decision = _still_holding(loaded, cooldown.subject.removesuffix(key_of(silence, "")))
    if decision is not None:
        _record(decision, now)


def _record(decision: Decision, now: datetime) -> None:
    loaded, context = decision.loaded, replace(decision.context, occurred_at=now)
    throttling = Throttling(StoredThrottling({loaded.automation.event_type: [context]}))
    key, limits = loaded.limits.key_of(context), loaded.limits
    suppression: Suppression | None = throttling.suppression(limits, key, now)
    suppression = suppression or StoredSilences().suppression(loaded, context)
    if suppression is None:
        throttling.fired(limits, key, context.subject.key, now)
        if _suppressed_before(decision):
            recording.store([], throttling.changed, recording.hold_none)
            return
    recording.store([replace(decision, suppression=suppression)], throttling.changed, recording.hold_none)


def _suppressed_before(decision: Decision) -> bool:
    """Make the execution due that the silence suppressed, where it is of the same event: an event has one of each."""
    rows = Execution.objects.filter(
        automation=decision.loaded.automation, event=decision.context.event_id, recovered=False
    )
    return bool(
        rows.filter(state=ExecutionState.SUPPRESSED).update(
            state=ExecutionState.PENDING, reason="", next_attempt_at=database_now(), ended_at=None, count=1
        )
    )


def _still_holding(loaded: LoadedAutomation, subject: str) -> Decision | None:
    """Judge the last that happened to the subject; None where a condition no longer holds."""
    # Only what goes on in time still holds: a version that was linked was linked, whenever one is told.
    if not loaded.event_type.has_cooldown:
        return None
    for event in latest_about(loaded.automation, subject, _MOST_EVENTS):
        context = loaded.event_type.contexts([event]).get(event.pk)
        verdicts = None if context is None else _last_verdicts(loaded, context)
        if context is not None and verdicts is not None:
            return Decision(loaded, context, verdicts) if all(one.holds for one in verdicts) else None
    return None


def _last_verdicts(loaded: LoadedAutomation, context: EventContext) -> list[Verdict] | None:
    """Give each condition's last verdict; None where what the automation is about was not judged at all."""
    verdicts = list(_verdicts(loaded, context))
    return verdicts if len(verdicts) == len(loaded.filters) + (loaded.defining is not None) else None


def _verdicts(loaded: LoadedAutomation, context: EventContext) -> Iterator[Verdict]:
    evidence = StoredEvidence()
    for condition in (*([loaded.defining] if loaded.defining else []), *loaded.filters):
        verdict: Verdict | None = None
        for _holds, explain in condition.judgements(context, evidence.history(condition, context)):
            verdict = explain()
        if verdict is None:
            return
        yield verdict
