"""Comparison of values in filter documents, as MongoDB has it: equal and ordered only within one type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

Key = tuple[str, object]

_LONGEST_WRITTEN = 60
_MOST_WRITTEN = 5


class Missing:
    """The value of a field that is not there: equal to null, but it does not exist."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def each(value: object) -> Sequence[object]:
    """Give what an operator looks at: the elements of a list, or the value alone."""
    return value if isinstance(value, (list, tuple)) else (value,)


def kind(value: object) -> str | None:
    """Name the type of a single value, as JSON tells types apart; None for lists, objects and what is missing."""
    # bool first: for Python it is an integer, for JSON it is not.
    for name, types in _KINDS.items():
        if isinstance(value, types):
            return name
    return None


def key(value: object) -> Key | None:
    """Give what is the same for equal values. None for what equals nothing: NaN, objects, lists in lists."""
    if not isinstance(value, (list, tuple)):
        return _single_key(value)
    keys = tuple(_single_key(inner) for inner in value)
    return None if None in keys else ("list", keys)


def keys(values: Iterable[object]) -> frozenset[Key]:
    return frozenset(found for value in values if (found := key(value)) is not None)


def moment(value: object) -> datetime | None:
    """Give the time that a datetime or an ISO 8601 text means, in UTC when it names no zone; None if it means none."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(read, datetime):
            return None
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(value: object) -> str:
    """Write a value for people: texts bare where nobody can take them for something else, all cut short."""
    if isinstance(value, list):
        first = ", ".join(written(inner) for inner in value[:_MOST_WRITTEN])
        more = len(value) - _MOST_WRITTEN
        return (f"{first} and {more} more" if more > 0 else first) or "nothing"
    if not isinstance(value, str):
        return json.dumps(value)
    text = value if len(value) <= _LONGEST_WRITTEN else value[:_LONGEST_WRITTEN] + "…"
    return text if _is_plain(text) else json.dumps(text, ensure_ascii=not text.isprintable())


def _single_key(value: object) -> Key | None:
    if isinstance(value, float) and math.isnan(value):
        return None
    name = kind(value)
    return None if name is None else (name, value)


def _is_plain(text: str) -> bool:
    if not text.isprintable() or any(letter in " \"'," for letter in text):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text != ""
    return False


_KINDS: dict[str, type | tuple[type, ...]] = {
    "null": type(None), "boolean": bool, "number": (int, float), "text": str, "time": datetime,
}  # fmt: skip
