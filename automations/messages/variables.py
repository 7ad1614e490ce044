"""Variables of payloads: what exists, what it means, and its value for an event."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from automations.conditions import condition
from automations.messages.delivery_variables import VARIABLES
from events import event_types
from events.event_types import EventContext, Variable

COMMON = (
    Variable("automation_name", "The automation", "Loss diverged"),
    Variable("event_type", "The event, such as RUN_METRIC", "RUN_METRIC"),
    Variable("event_author", "Who caused it", "ada"),
    Variable("event_time", "When it happened (ISO 8601, UTC)", "2026-11-23T10:00:00+00:00"),
    Variable("alert_status", "firing, or recovered when the condition no longer holds", "firing"),
    Variable("entity_name", "The team", "acme"),
    Variable("project_name", "The project", "mnist"),
)
# Documented by W&B for events of other kinds: known everywhere, blank where they do not apply.
_ELSEWHERE = (
    "alias", "tag", "artifact_collection_name", "artifact_version", "artifact_version_string",
    "artifact_version_index", "metric_name", "metric_values", "metric_filter", "metric_filter_short",
    "metric_current_status", "run_name", "run_status",
)  # fmt: skip

_COMPUTED = frozenset(variable.name for variable in VARIABLES)


def of_event(event: str) -> tuple[Variable, ...]:
    """The variables that apply to an event type."""
    conditions = (variable for kind in condition.conditions_of(event) for variable in kind.variables)
    return (*COMMON, *event_types.registry.get(event).variables, *conditions, *VARIABLES)


@cache
def known() -> tuple[str, ...]:
    """Every variable's name: one that does not apply to an event is blank there, not an error."""
    applying = (variable.name for event in event_types.registry for variable in of_event(event.key))
    return tuple(dict.fromkeys([*applying, *_ELSEWHERE]))


def samples(event: str) -> dict[str, object]:
    """A value for each variable, blank for those that do not apply: for previews and tests."""
    blank: dict[str, object] = dict.fromkeys(known())
    event_type = event_types.registry.get(event)
    wire = event_type.payload_name or event_type.wire
    return {**blank, **{variable.name: variable.sample for variable in of_event(event)}, "event_type": wire}


def values(automation_name: str, event: str, context: EventContext, judged: Mapping[str, object]) -> dict[str, Any]:
    """Give the values for what happened; frozen with the execution, so that each try sends the same."""
    event_type = event_types.registry.get(event)
    facts = context.subject.facts
    return {
        **{name: None for name in known() if name not in _COMPUTED},
        "automation_name": automation_name,
        "event_type": event_type.payload_name or event_type.wire,
        "event_author": context.actor,
        "event_time": context.occurred_at.isoformat(),
        "entity_name": facts["entity_name"],
        "project_name": facts["project_name"],
        **event_type.values(context),
        **judged,
    }
