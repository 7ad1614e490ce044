"""Chart annotations: thresholds, fires, and the windows that were compared (docs/pages.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from automations.conditions import condition as conditions
from automations.conditions.condition import Condition, Evidence
from automations.conditions.metric.metric_condition import steps_and_values
from automations.engine.loaded_automation import LoadedAutomation, UnreadableAutomation
from automations.models import Automation
from common.data.numbers import readable
from common.plugins import UnknownKey
from events.event_types import EventContext
from projects.history.row_values import HistoryRow

LoggedPoint = Sequence[tuple[object, float]]


@dataclass(frozen=True)
class FireAnnotation:
    """Where an automation fired: at a step of a metric, or at a moment (seconds since 1970) of any chart."""

    label: str
    step: object = None
    time: float | None = None
    url: str = ""


def metric_condition(automation: Automation) -> Condition | None:
    """Give the condition that watches a metric; None where there is none, or it cannot be read any more."""
    for stored in automation.conditions:
        with suppress(UnknownKey, KeyError, TypeError, ValueError, ValidationError):
            found = conditions.registry.get(stored["type"])(stored)
            if found.metric:
                return found
    return None


def is_for(automation: Automation, context: EventContext) -> bool:
    """Whether all its filters hold for this run. What cannot be read is for none."""
    try:
        filters = LoadedAutomation.of(automation).filters
    except UnreadableAutomation:
        return False
    return all(one.judge(context, Evidence()).holds for one in filters)


def thresholds_of(condition: Condition) -> list[dict[str, Any]]:
    return [{"value": line.value, "side": line.side} for line in condition.thresholds()]


def annotations_of(condition: Condition, fires: Iterable[FireAnnotation], rows: Iterable[HistoryRow]) -> dict[str, Any]:
    """Give thresholds and fires of one metric; of the windows those that lie in these rows."""
    logged = list(steps_and_values([dict(row) for row in rows], condition.metric))
    return {
        "thresholds": thresholds_of(condition),
        "fires": [fire_annotation(fire, condition, logged) for fire in fires],
    }


def fire_annotation(fire: FireAnnotation, condition: Condition | None, logged: LoggedPoint) -> dict[str, Any]:
    """Give one bell."""
    annotation: dict[str, Any] = {"label": fire.label, "url": fire.url, "step": fire.step, "time": fire.time}
    windows = list(_windows(condition, logged, fire.step)) if condition else []
    return {**{name: value for name, value in annotation.items() if value is not None}, "windows": windows}


def _windows(condition: Condition, logged: LoggedPoint, step: object) -> Iterator[dict[str, Any]]:
    places = [place for place, (at, _value) in enumerate(logged) if at == step and at is not None]
    if not places:
        return
    end = places[-1]
    for length, value in condition.compared([value for _step, value in logged[: end + 1]]):
        start = max(0, end - length + 1)
        yield {"from": logged[start][0], "to": logged[end][0], "value": _written(value)}
        end = start - 1


def _written(value: float) -> float | str:
    """JSON has no NaN."""
    return value if value == value and abs(value) != float("inf") else readable(value)
