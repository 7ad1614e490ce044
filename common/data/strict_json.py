"""Strict JSON, as every reader takes it: without NaN, infinity and halves of surrogate pairs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

# Of lists and objects inside each other: what follows a value by recursion (ours, Django's, json's) begins behind this.
DEEPEST = 100


class NestedTooDeep(ValueError):
    def __init__(self) -> None:
        super().__init__(f"It is nested more than {DEEPEST} deep. Use fewer lists and objects inside each other.")


def parsed(text: str) -> Any:
    """Give what `json.loads` gives, in a third of the time. Raises as it does."""
    try:
        return msgspec.json.decode(text)
    except ValueError:
        # NaN, infinity, 1e400 and halves of surrogate pairs, which only Python takes; and what is no JSON at all.
        return json.loads(text)


def read(text: str) -> Any:
    """Give what a client wrote, without halves of surrogate pairs. Raises ValueError and RecursionError."""
    found = json.loads(text)
    check_depth(found, text)
    # Only an escape can hold one: text that came as UTF-8 has none.
    return repaired(found) if "\\ud" in text or "\\uD" in text else found


def check_depth(value: Any, text: str | bytes = "") -> None:
    """Raise NestedTooDeep for what is nested too deeply. The text it was read from tells mostly that it cannot be."""
    marks: tuple[Any, Any] = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if text and text.count(marks[0]) + text.count(marks[1]) <= DEEPEST:
        return
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise NestedTooDeep


def strict(value: Any) -> Any:
    """Give the value with NaN and infinity as None, which JSON has no numbers for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(inner) for inner in value]
    return value


def storable(text: str) -> str:
    """Give a stranger's words as every database takes them: without NUL and halves of surrogate pairs."""
    return str(repaired(str(text))).replace("\0", "\N{REPLACEMENT CHARACTER}")


def repaired(value: Any) -> Any:
    """Give the value with U+FFFD for the halves of surrogate pairs, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {repaired(key): repaired(inner) for key, inner in value.items()}
    return [repaired(inner) for inner in value] if isinstance(value, list) else value
