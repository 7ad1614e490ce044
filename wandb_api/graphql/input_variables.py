"""GraphQL variables, without the input fields that our schema does not know.

wandb-core sends every field of its own, newer input types, mostly null: a strict server would refuse an upload for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
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
from wandb_api.graphql.schema import schema

logger = logging.getLogger(__name__)


def known(document: DocumentNode, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Give the variables the document declares, with the input fields the schema has; what else was said is logged."""
    found: dict[str, Any] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            for declared in operation.variable_definitions or ():
                name = declared.variable.name.value
                if name in sent:
                    found[name] = _known(type_from_ast(schema, declared.type), sent[name], name)
    return found


def _known(kind: Any, value: Any, path: str) -> Any:
    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList) and isinstance(value, list):
        return [_known(kind.of_type, one, f"{path}.{index}") for index, one in enumerate(value)]
    if not isinstance(kind, GraphQLInputObjectType) or not isinstance(value, Mapping):
        return value
    kept = {}
    for name, inner in value.items():
        if name in kind.fields:
            kept[name] = _known(kind.fields[name].type, inner, f"{path}.{name}")
        elif inner is not None:
            logger.warning("GraphQL dropped the unknown input %s.%s (of %s)", path, quoted(name), kind.name)
    return kept
