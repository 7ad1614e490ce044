"""What charts show of automations: thresholds, where they fired, and the windows that were compared (docs/pages.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from automations import condition as conditions
from automations.condition import Condition, Evidence
from automations.engine.listener import Broken, Listener
from automations.metrics import steps_and_values
from automations.models import Automation
from common.numbers import readable
from common.registry import UnknownKey
from events.types import Happening
from projects.history import Row

Logged = Sequence[tuple[object, float]]


@dataclass(frozen=True)
class Fire:
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


def is_for(automation: Automation, happening: Happening) -> bool:
    """Whether all its filters hold for this run. What cannot be read is for none."""
    try:
        filters = Listener.of(automation).filters
    except Broken:
        return False
    return all(one.judge(happening, Evidence()).holds for one in filters)


def thresholds_of(condition: Condition) -> list[dict[str, Any]]:
    return [{"value": line.value, "side": line.side} for line in condition.thresholds()]


def marks_of(condition: Condition, fires: Iterable[Fire], rows: Iterable[Row]) -> dict[str, Any]:
    """Give thresholds and fires of one metric; of the windows those that lie in these rows."""
    logged = list(steps_and_values([dict(row) for row in rows], condition.metric))
    return {
        "thresholds": thresholds_of(condition),
        "fires": [fire_mark(fire, condition, logged) for fire in fires],
    }


def fire_mark(fire: Fire, condition: Condition | None, logged: Logged) -> dict[str, Any]:
    """Give one bell."""
    mark: dict[str, Any] = {"label": fire.label, "url": fire.url, "step": fire.step, "time": fire.time}
    windows = list(_windows(condition, logged, fire.step)) if condition else []
    return {**{name: value for name, value in mark.items() if value is not None}, "windows": windows}


def _windows(condition: Condition, logged: Logged, step: object) -> Iterator[dict[str, Any]]:
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
