"""Wire formats of run conditions: what defines a run event for the SDK, each beside the condition that it is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Params = Mapping[str, Any]
Said = dict[str, Any]

METRIC, STATE = "run_metric_filter", "run_state_filter"
_AGGREGATIONS = {"average": "AVERAGE", "min": "MIN", "max": "MAX", "latest": None}
_COMPARISONS = {"gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"}
_STATES = {"running": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
# Below it a float holds each whole number.
_EXACT = 2**53


@dataclass(frozen=True)
class EventShape:
    """`write` gives None where the SDK has no way to say it."""

    write: Callable[[Params], Said | None]
    read: Callable[[Params], dict[str, Any]]


def _number(value: float) -> float | int:
    """Give 10 for 10.0: the SDK writes the number as its person did."""
    return int(value) if abs(value) < _EXACT and value == int(value) else value


def _aggregation(said: Params) -> str:
    return str(said.get("agg_op") or "latest").lower()


def _write_threshold(params: Params) -> Said | None:
    if params["comparison"] not in _COMPARISONS:
        return None
    return {
        "name": params["metric"],
        "agg_op": _AGGREGATIONS[params["aggregation"]],
        "window_size": params["window"],
        "cmp_op": _COMPARISONS[params["comparison"]],
        "threshold": _number(params["threshold"]),
    }


def _read_threshold(said: Params) -> dict[str, Any]:
    return {
        "metric": said.get("name"),
        "aggregation": _aggregation(said),
        "window": said.get("window_size", 1),
        "comparison": said.get("cmp_op"),
        "threshold": said.get("threshold"),
    }


def _write_change(params: Params) -> Said:
    return {
        "name": params["metric"],
        "agg_op": _AGGREGATIONS[params["aggregation"]],
        "current_window_size": params["window"],
        "change_amount": _number(params["amount"]),
        "prior_window_size": params["prior_window"],
        "change_type": params["change"].upper(),
        "change_dir": params["direction"].upper(),
    }


def _read_change(said: Params) -> dict[str, Any]:
    return {
        "metric": said.get("name"),
        "aggregation": _aggregation(said),
        "window": said.get("current_window_size", 1),
        "prior_window": said.get("prior_window_size", said.get("current_window_size", 1)),
        "direction": str(said.get("change_dir")).lower(),
        "change": str(said.get("change_type")).lower(),
        "amount": said.get("change_amount"),
    }


def _write_zscore(params: Params) -> Said:
    return {
        "name": params["metric"],
        "window_size": params["window"],
        "threshold": _number(params["threshold"]),
        "change_dir": params["direction"].upper(),
    }


def _read_zscore(said: Params) -> dict[str, Any]:
    return {
        "metric": said.get("name"),
        "window": said.get("window_size", 30),
        "threshold": said.get("threshold", 3),
        "direction": str(said.get("change_dir", "any")).lower(),
    }


def _write_states(params: Params) -> Said | None:
    states = set(params["states"])
    if "failed" in states:
        states.discard("crashed")  # A crashed run failed as well.
    return {"states": sorted(_STATES[state] for state in states)} if states <= set(_STATES) else None


def _read_states(said: Params) -> dict[str, Any]:
    states = said.get("states")
    return {"states": [str(state).lower() for state in states] if isinstance(states, list) else states}


# By the key of the condition: where it stands in a filter, and how it is said there.
SHAPES: dict[str, tuple[tuple[str, ...], EventShape]] = {
    "metric_threshold": ((METRIC, "threshold_filter"), EventShape(_write_threshold, _read_threshold)),
    "metric_change": ((METRIC, "change_filter"), EventShape(_write_change, _read_change)),
    "metric_zscore": ((METRIC, "zscore_filter"), EventShape(_write_zscore, _read_zscore)),
    "run_state": ((STATE,), EventShape(_write_states, _read_states)),
}


def write(condition: str, params: Params) -> Said | None:
    """Give what stands beside `run_filter`; None where the SDK cannot say it."""
    if condition not in SHAPES:
        return None
    path, shape = SHAPES[condition]
    said = shape.write(params)
    for key in reversed(path):
        said = None if said is None else {key: said}
    return said


def read(said: Params) -> list[dict[str, Any]]:
    """Give the conditions that stand beside `run_filter`, as they would be sent over REST: unchecked."""
    found = []
    for key, (path, shape) in SHAPES.items():
        inner: Any = said
        for step in path:
            inner = inner.get(step) if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping):
            found.append({"type": key, **shape.read(inner)})
    return found
