"""Values in logged rows: parse numbers, NaN and infinity, and look metrics up by their (nested) names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# How JSON that knows no NaN spells it; the wandb SDK writes these too.
_SPELLED = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

HistoryRow = Mapping[str, Any]


def number(value: object) -> float | None:
    """Give the value as a number; None where it is none (text, media, flags)."""
    if type(value) is float:  # nearly all are, and there are millions
        return value
    if isinstance(value, str):
        return _SPELLED.get(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def numbers_in(row: HistoryRow, depth: int = 8) -> Iterator[tuple[str, float]]:
    """Give each number with its name, {"val": {"loss": 1}} as val.loss; not what begins with an underscore."""
    for key, value in row.items():
        if key.startswith("_"):
            continue
        found = number(value)
        if found is not None:
            yield key, found
        elif isinstance(value, Mapping) and depth and "_type" not in value:  # media have a type
            for inner, one in numbers_in(value, depth - 1):
                yield f"{key}.{inner}", one


def metrics_of(rows: Sequence[HistoryRow]) -> list[str]:
    """Give the names of the numbers in these rows, in their order.

    The last value of each column says what it is; another is looked for only where that is no number.
    """
    last: dict[str, Any] = {}
    for row in rows:
        last.update(row)
    found = {name for name, _value in numbers_in(last)}
    for key in last.keys() - found:
        values_there = (row[key] for row in reversed(rows) if key in row)
        found.update(name for value in values_there if value is not None for name, _one in numbers_in({key: value}))
    return sorted(found)


def value_at(row: HistoryRow, metric: str) -> object:
    """Give what the row holds for the metric; `val.loss` also finds {"val": {"loss": ...}}."""
    if metric in row:
        return row[metric]
    value: object = row
    for part in metric.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def keys_of(metric: str) -> set[str]:
    """Give under which keys of a row `value_at` may find the metric."""
    return {metric, metric.split(".")[0]}


def values(rows: Iterable[HistoryRow], metric: str) -> list[float]:
    """Give the numbers logged for the metric, in order."""
    found = (number(value_at(row, metric)) for row in rows)
    return [value for value in found if value is not None]


def newest_values(rows: Sequence[HistoryRow], metric: str, count: int) -> list[float]:
    """Give the last `count` numbers logged for the metric in these rows, oldest first."""
    found: list[float] = []
    for row in reversed(rows):
        if len(found) == count:
            break
        value = number(value_at(row, metric))
        if value is not None:
            found.append(value)
    return found[::-1]
