"""Filter normalization: documents in the form in which the SDK keeps them.

It simplifies a filter that it reads back, and sends that when an automation is renamed. A `$nor` of one, or one in
another, it turns into something else (wandb 0.31.0), so that what is handed out has none of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FilterDocument = dict[str, Any]


def normalized(document: Mapping[str, Any]) -> FilterDocument:
    """Give the document that says the same and that the SDK leaves as it is; one key, or `$and` of such."""
    return _all(_entry(key, value) for key, value in document.items())


def for_runs(document: Mapping[str, Any]) -> FilterDocument:
    """Give `{"$and": [...]}`, which the SDK makes of every run filter."""
    said = normalized(document)
    return said if "$and" in said else {"$and": [said]}


def for_mutations(document: Mapping[str, Any]) -> FilterDocument:
    """Give `{"$or": [{"$and": [...]}]}`, without which W&B's pages show no filter."""
    return {"$or": [for_runs(document)]}


def _entry(key: str, value: Any) -> FilterDocument:
    if key == "$and":
        return _all(map(normalized, value))
    if key == "$or":
        return _either(map(normalized, value))
    if key == "$nor":
        return _negated(_either(map(normalized, value)))
    if key == "$not":
        return _negated(normalized(value))
    return {key: value if isinstance(value, Mapping) else {"$eq": value}}


def _all(parts: Iterable[FilterDocument]) -> FilterDocument:
    flat = _flat("$and", parts)
    return flat[0] if len(flat) == 1 else {"$and": flat}


def _either(parts: Iterable[FilterDocument]) -> FilterDocument:
    flat = _flat("$or", parts)
    return flat[0] if len(flat) == 1 else {"$or": flat}


def _negated(document: FilterDocument) -> FilterDocument:
    ((key, value),) = document.items()
    if key == "$not":
        return dict(value)
    if key == "$nor":
        return _either(value)
    if key != "$or":
        return {"$not": document}
    if any("$nor" in part for part in value):
        return _all(map(_negated, value))
    return {"$nor": value}


def _flat(key: str, parts: Iterable[FilterDocument]) -> list[FilterDocument]:
    return [one for part in parts for one in part.get(key, [part])]
