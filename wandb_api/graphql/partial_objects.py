"""Partial objects: those of which only some fields are told; every other field answers its empty value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

# Fields that are told, and of an object among them which of its own; None where its own guard says.
Tells: TypeAlias = "Mapping[str, Tells | None]"
_SCALARS: dict[str, Any] = {
    "ID": "",
    "String": "",
    "JSONString": "{}",
    "JSON": {},
    "Int": 0,
    "Int64": 0,
    "Duration": 0,
    "Float": 0.0,
    "Boolean": False,
    "DateTime": datetime(1970, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True)
class Partial:
    """An object of which only some fields are told; with none of them it says nothing but its type."""

    of: Any = None
    tells: Tells = field(default_factory=dict)
    # Where the schema does not say it.
    typename: str = ""


def tells(selection: str) -> Tells:
    """Read which fields are told, written as GraphQL selects them."""
    (operation,) = parse(selection, no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return _selected(operation.selection_set)


def empty(kind: Any, object_type: str) -> Any:
    """Give null where a field may be null, and else what says least."""
    if not isinstance(kind, GraphQLNonNull):
        return None
    inner = kind.of_type
    if isinstance(inner, GraphQLList):
        return []
    if isinstance(inner, GraphQLScalarType):
        return _SCALARS[inner.name]
    if isinstance(inner, GraphQLEnumType):
        return next(iter(inner.values.values())).value
    return Partial(typename=object_type)


def _selected(selections: SelectionSetNode) -> Tells:
    fields = [one for one in selections.selections if isinstance(one, FieldNode)]
    return {one.name.value: _selected(one.selection_set) if one.selection_set else None for one in fields}
