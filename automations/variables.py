"""The variables of payloads: what exists, what it means, and its value for what happened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from automations import condition
from events import types
from events.types import Happening, Variable

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


def of_event(event: str) -> tuple[Variable, ...]:
    """The variables that apply to an event type."""
    conditions = (variable for kind in condition.conditions_of(event) for variable in kind.variables)
    return (*COMMON, *types.registry.get(event).variables, *conditions)


@cache
def known() -> tuple[str, ...]:
    """Every variable's name: one that does not apply to an event is blank there, not an error."""
    applying = (variable.name for event in types.registry for variable in of_event(event.key))
    return tuple(dict.fromkeys([*applying, *_ELSEWHERE]))


def samples(event: str) -> dict[str, object]:
    """A value for each variable, blank for those that do not apply: for previews and tests."""
    blank: dict[str, object] = dict.fromkeys(known())
    event_type = types.registry.get(event)
    wire = event_type.told_as or event_type.wire
    return {**blank, **{variable.name: variable.sample for variable in of_event(event)}, "event_type": wire}


def values(automation_name: str, event: str, happening: Happening, judged: Mapping[str, object]) -> dict[str, Any]:
    """Give the values for what happened; frozen with the execution, so that each try sends the same."""
    event_type = types.registry.get(event)
    facts = happening.subject.facts
    return {
        **dict.fromkeys(known()),
        "automation_name": automation_name,
        "event_type": event_type.told_as or event_type.wire,
        "event_author": happening.actor,
        "event_time": happening.occurred_at.isoformat(),
        "entity_name": facts["entity_name"],
        "project_name": facts["project_name"],
        **event_type.values(happening),
        **judged,
    }
