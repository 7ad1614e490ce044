"""Explain: why an automation fired for an event, or did not: each condition's verdict, and what suppressed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automations.conditions.condition import Evidence, Verdict
from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.stored_evidence import StoredEvidence
from automations.models import Automation, Execution
from events import event_types
from events.event_types import EventContext
from events.models import Event


@dataclass(frozen=True)
class Explained:
    """One condition's answer: whether it holds, and why."""

    condition: str
    sentence: str
    holds: bool
    why: str


@dataclass(frozen=True)
class Explanation:
    """What the automation made of one event. `outcome` is the sentence to read first."""

    event_id: int
    kind: str
    occurred_at: datetime
    subject_label: str
    subject_url: str
    outcome: str
    conditions: list[Explained]
    execution_id: int | None = None
    state: str = ""
    reason: str = ""

    @property
    def says_why(self) -> bool:
        """Whether the outcome is the answer of the only condition, so that there is nothing to list."""
        return self.execution_id is None and [one.holds for one in self.conditions] == [False]


def explain(automation: Automation, event: Event) -> Explanation | None:
    """Judge the event anew and say why; None where the automation does not listen to such an event. Raises Broken."""
    event_type = event_types.registry.get(automation.event_type)
    if event.kind != event_type.kind or automation.scope not in event.scopes:
        return None
    context = event_type.contexts([event]).get(event.pk)
    if context is None:
        return None
    loaded = LoadedAutomation.of(automation)
    conditions = [_explained(loaded, context, condition) for condition in _all(loaded)]
    told = Execution.objects.filter(automation=automation, event=event).order_by("recovered").first()
    return Explanation(
        event_id=event.pk,
        kind=event_type.wire,
        occurred_at=event.occurred_at,
        subject_label=context.subject.label,
        subject_url=context.subject.url,
        outcome=_outcome(automation, event, told, conditions),
        conditions=conditions,
        execution_id=told.pk if told else None,
        state=told.state if told else "",
        reason=told.reason if told else "",
    )


def latest_about(automation: Automation, subject_key: str, most: int = 5) -> list[Event]:
    """The last events of what the automation watches about one subject, newest first."""
    kind = event_types.registry.get(automation.event_type).kind
    return list(Event.objects.filter(kind=kind, stream=subject_key).order_by("-id")[:most])


def _all(loaded: LoadedAutomation) -> list[Any]:
    return [*([loaded.defining] if loaded.defining else []), *loaded.filters]


def _explained(loaded: LoadedAutomation, context: EventContext, condition: Any) -> Explained:
    try:
        evidence: Evidence = StoredEvidence().history(condition, context)
        verdict: Verdict = condition.judge(context, evidence)
    except Exception as error:
        # As in the engine: what plug-in code raises is an answer too.
        return Explained(condition.key, condition.describe(), False, f"could not be judged: {error}")
    return Explained(condition.key, condition.describe(), verdict.holds, verdict.why)


def _outcome(automation: Automation, event: Event, told: Execution | None, conditions: list[Explained]) -> str:
    if told is not None and told.state == "suppressed":
        return f"It would have fired, but was suppressed. {told.reason}"
    if told is not None:
        return "It fired: every condition held."
    failing = next((one for one in conditions if not one.holds), None)
    if failing is not None:
        return f"It did not fire: {failing.why}."
    if event.processed_at is None:
        return "The event has not been judged yet."
    if event.problem:
        return f"The event was set aside. {event.problem}"
    if event.occurred_at < automation.created_at:
        return "It did not fire: the event came before the automation was made."
    return "It did not fire: when the event came, the automation was in its cooldown, off or set up differently."
