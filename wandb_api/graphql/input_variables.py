"""GraphQL variables, without the input fields that our schema does not know.

wandb-core sends every field of its own, newer input types, mostly null: a strict server would refuse an upload for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    type_from_ast,
)

from common.data.validation_errors import quoted
from wandb_api.graphql.limits.inline_input import InlineField
from wandb_api.graphql.schema import schema
from wandb_api.sdk_table.inputs import is_left_out


@dataclass(frozen=True)
class LeftOutInput:
    """A field that says something and is not done: of which type, and where it stood."""

    kind: str
    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.path}.{quoted(self.name)} (of {self.kind})"


@dataclass
class KnownInput:
    """The variables that the schema takes, and what was left out of them."""

    variables: dict[str, Any] = field(default_factory=dict)
    left_out: list[LeftOutInput] = field(default_factory=list)

    @classmethod
    def of(cls, document: DocumentNode, sent: Mapping[str, Any], taken_out: Iterable[InlineField] = ()) -> KnownInput:
        """Read the variables that the document declares; fields were taken out of what it writes out itself."""
        found = cls()
        for one in taken_out:
            if one.says_something(sent) and is_left_out(one.kind, one.name, True, known=False):
                found.left_out.append(LeftOutInput(one.kind, one.name, "input"))
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                for declared in operation.variable_definitions or ():
                    name = declared.variable.name.value
                    if name in sent:
                        kind = type_from_ast(schema, declared.type)
                        found.variables[name] = found._known(kind, sent[name], name)
        return found

    def _known(self, kind: Any, value: Any, path: str) -> Any:
        while isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList) and isinstance(value, list):
            return [self._known(kind.of_type, one, f"{path}.{index}") for index, one in enumerate(value)]
        if not isinstance(kind, GraphQLInputObjectType) or not isinstance(value, Mapping):
            return value
        kept = {}
        for name, inner in value.items():
            if is_left_out(kind.name, name, inner, known=name in kind.fields):
                self.left_out.append(LeftOutInput(kind.name, name, path))
            if name in kind.fields:
                kept[name] = self._known(kind.fields[name].type, inner, f"{path}.{name}")
        return kept
