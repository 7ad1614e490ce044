"""Filter documents in the form in which the SDK keeps them.

It simplifies a filter that it reads back, and sends that when an automation is renamed. A `$nor` of one, or one in
another, it turns into something else (wandb 0.31.0), so that what is handed out has none of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Document = dict[str, Any]


def normal(document: Mapping[str, Any]) -> Document:
    """Give the document that says the same and that the SDK leaves as it is; one key, or `$and` of such."""
    return _all(_entry(key, value) for key, value in document.items())


def for_runs(document: Mapping[str, Any]) -> Document:
    """Give `{"$and": [...]}`, which the SDK makes of every run filter."""
    said = normal(document)
    return said if "$and" in said else {"$and": [said]}


def for_mutations(document: Mapping[str, Any]) -> Document:
    """Give `{"$or": [{"$and": [...]}]}`, without which W&B's pages show no filter."""
    return {"$or": [for_runs(document)]}


def _entry(key: str, value: Any) -> Document:
    if key == "$and":
        return _all(map(normal, value))
    if key == "$or":
        return _either(map(normal, value))
    if key == "$nor":
        return _negated(_either(map(normal, value)))
    if key == "$not":
        return _negated(normal(value))
    return {key: value if isinstance(value, Mapping) else {"$eq": value}}


def _all(parts: Iterable[Document]) -> Document:
    flat = _flat("$and", parts)
    return flat[0] if len(flat) == 1 else {"$and": flat}


def _either(parts: Iterable[Document]) -> Document:
    flat = _flat("$or", parts)
    return flat[0] if len(flat) == 1 else {"$or": flat}


def _negated(document: Document) -> Document:
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


def _flat(key: str, parts: Iterable[Document]) -> list[Document]:
    return [one for part in parts for one in part.get(key, [part])]
