"""Sibling arguments: with what a document asks for another field of the same object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode
from graphql.execution.values import get_argument_values

from wandb_api.graphql.caller import Info


def sibling_arguments(info: Info, name: str) -> dict[str, Any]:
    """Give the arguments of the field of this name of the same object; none where nobody asks for it."""
    nodes: list[FieldNode] = list(_fields(info.operation.selection_set, info))
    for key in info.path.as_list()[:-1]:
        if isinstance(key, str):
            inner = [node.selection_set for node in nodes if _key(node) == key]
            nodes = [field for selected in inner if selected is not None for field in _fields(selected, info)]
    found = next((node for node in nodes if node.name.value == name), None)
    return get_argument_values(info.parent_type.fields[name], found, info.variable_values) if found else {}


def _fields(selected: SelectionSetNode, info: Info) -> Iterator[FieldNode]:
    """Give the fields, those of fragments too."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(info.fragments[node.name.value].selection_set, info)
        else:
            yield from _fields(node.selection_set, info)  # type: ignore[attr-defined]  # an inline fragment


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
