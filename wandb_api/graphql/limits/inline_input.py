"""Input that a document itself writes out, without the fields that our schema does not know.

A later SDK writes `upsertBucket(input: {id: $id, newer: $newer})`: refused for `newer`, its training would not start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    REMOVE,
    SKIP,
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLSyntaxError,
    NullValueNode,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    visit,
)

from wandb_api.graphql.errors import BadRequest, NotImplementedHere
from wandb_api.graphql.limits import document_cache, document_limits
from wandb_api.graphql.schema import schema

# How graphql-core says it of an input field, and of the type of a variable that is its value.
_UNKNOWN = ("is not defined by type", "Unknown type")


@dataclass(frozen=True)
class InlineField:
    """A field that was taken out: of which type, and the variable that is its value; none where it is written out."""

    kind: str
    name: str
    variable: str | None
    is_null: bool

    def says_something(self, variables: Mapping[str, Any]) -> bool:
        if self.variable is None:
            return not self.is_null
        return variables.get(self.variable) is not None


def document(text: str) -> tuple[DocumentNode, tuple[InlineField, ...]]:
    """Give the document of this text, and what was taken out of it. Raises as `document_cache.document`."""
    try:
        return document_cache.document(text), ()
    except (BadRequest, NotImplementedHere) as error:
        # What is no GraphQL at all may hold these words, too.
        known, taken_out = _without_unknown(text) if any(words in str(error) for words in _UNKNOWN) else ("", ())
        if not taken_out:
            raise
    return document_cache.document(known), taken_out


@lru_cache(maxsize=16)
def _without_unknown(text: str) -> tuple[str, tuple[InlineField, ...]]:
    types = TypeInfo(schema)
    taking = _TakingOut(types)
    try:
        parsed = parse(text, no_location=True, max_tokens=document_limits.MOST_TOKENS)
    except GraphQLSyntaxError:
        return "", ()
    left = visit(parsed, TypeInfoVisitor(types, taking))
    used = _UsedVariables()
    visit(left, used)
    gone = {one.variable for one in taking.fields} - used.names
    return print_ast(visit(left, _WithoutVariables(gone))), tuple(taking.fields)


class _TakingOut(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types, self.fields = types, list[InlineField]()

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> Any:
        kind = get_named_type(self._types.get_parent_input_type())
        if not isinstance(kind, GraphQLInputObjectType) or node.name.value in kind.fields:
            return None
        variable = node.value.name.value if isinstance(node.value, VariableNode) else None
        is_null = isinstance(node.value, NullValueNode)
        self.fields.append(InlineField(kind.name, node.name.value, variable, is_null))
        return REMOVE


class _UsedVariables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names = set[str]()

    def enter_variable_definition(self, *_: object) -> Any:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)


class _WithoutVariables(Visitor):
    def __init__(self, names: set[str | None]) -> None:
        super().__init__()
        self._names = names

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> Any:
        return REMOVE if node.variable.name.value in self._names else SKIP
