"""GraphQL query limits: how large, deep and dear a document may be. Asked of what was parsed, before it is validated.

Validation compares each field with each of its name, and each fragment with each other: 800 fragments of 31 KB took it
seconds. Here each node is looked at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.language import VariableDefinitionNode

from wandb_api.graphql.errors import BadRequest

# The largest document recorded of the SDK has 2,030 characters and 248 tokens; introspection 1,479 and 163.
LONGEST = 20_000
MOST_TOKENS = 3_000
# As they are written, in the whole document. The most recorded of the SDK: 56 fields, 14 fragments and as many uses,
# 3 names of its own for fields, 3 directives, 1 operation and 19 variables; introspection has 67 fields.
MOST = {
    "fields": 400,
    # Of one name beside each other: validation compares each with each.
    "repeated fields": 20,
    "fragments": 30,
    "uses of fragments": 60,
    "inline fragments": 50,
    "aliases": 50,
    "directives": 50,
    "operations": 5,
    "variables": 100,
}
# With each fragment in its places.
MOST_EXPANDED = 5_000
# The deepest document recorded of the SDK is 7 fields deep; introspection goes to 15.
DEEPEST = 25
# Fields, those below a list counted ten times for each list above. The SDK's dearest costs 5,000, introspection 41,000.
DEAREST = 500_000
_LISTS = {"edges", "nodes", "triggers", "members", "teamMembers", "fields", "args", "types", "inputFields", "files"}
_EACH = 10

Definition = FragmentDefinitionNode | OperationDefinitionNode


def check(document: DocumentNode) -> None:
    """Refuse what is too much of anything. What is wrong otherwise is left to validation."""
    definitions = [one for one in document.definitions if isinstance(one, Definition)]
    if len(definitions) < len(document.definitions):
        raise BadRequest("The query defines types. It may hold operations and fragments alone.")
    written = Counter(kind for one in definitions for kind in _kinds(one))
    for kind, most in MOST.items():
        if written[kind] > most:
            raise BadRequest(f"The query has {written[kind]} {kind}; {most} is the most.")
    measured = _Measured({one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)})
    for one in definitions:
        measured.of(one.selection_set).check()


def _kinds(definition: Definition) -> Iterator[str]:
    """Give what counts in a definition, one word for each."""
    is_fragment = isinstance(definition, FragmentDefinitionNode)
    yield "fragments" if is_fragment else "operations"
    yield from _around(definition)
    waiting = [definition.selection_set]
    while waiting:
        names: set[str] = set()
        for one in waiting.pop().selections:
            yield from _around(one)
            if isinstance(one, FieldNode):
                yield from _of_field(one, names)
            else:
                yield "uses of fragments" if isinstance(one, FragmentSpreadNode) else "inline fragments"
            if inner := getattr(one, "selection_set", None):
                waiting.append(inner)


def _of_field(node: FieldNode, names: set[str]) -> Iterator[str]:
    yield "fields"
    if node.alias:
        yield "aliases"
    name = (node.alias or node.name).value
    if name in names:
        yield "repeated fields"
    names.add(name)


def _around(node: object) -> Iterator[str]:
    """Give what stands beside a node: its variables, and their and its directives."""
    variables: tuple[VariableDefinitionNode, ...] = getattr(node, "variable_definitions", None) or ()
    for one in (node, *variables):
        for _ in getattr(one, "directives", None) or ():
            yield "directives"
    for _ in variables:
        yield "variables"


@dataclass(frozen=True)
class _Size:
    fields: int = 0
    cost: int = 0
    depth: int = 0

    def check(self) -> None:
        if self.depth > DEEPEST:
            raise BadRequest(f"The query is {self.depth} fields deep; {DEEPEST} is the most.")
        if self.fields > MOST_EXPANDED:
            raise BadRequest(f"The query has {self.fields} fields with its fragments; {MOST_EXPANDED} is the most.")
        if self.cost > DEAREST:
            raise BadRequest(
                f"The query costs {self.cost} (below a list each field counts ten); {DEAREST} is the most."
            )

    def under(self, name: str) -> _Size:
        return _Size(self.fields + 1, 1 + self.cost * (_EACH if name in _LISTS else 1), self.depth + 1)


@dataclass
class _Measured:
    """Each fragment is measured once: used in each other they would double at each step."""

    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, _Size] = field(default_factory=dict)

    def of(self, selections: SelectionSetNode | None) -> _Size:
        sizes = [self._of_one(one) for one in selections.selections] if selections else []
        return _Size(
            sum(one.fields for one in sizes),
            sum(one.cost for one in sizes),
            max((one.depth for one in sizes), default=0),
        )

    def _of_one(self, node: object) -> _Size:
        if isinstance(node, FieldNode):
            return self.of(node.selection_set).under(node.name.value)
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        return self.of(node.selection_set) if isinstance(node, InlineFragmentNode) else _Size()

    def _of_fragment(self, name: str) -> _Size:
        if name not in self.known:
            # One that uses itself, or is nowhere, counts nothing; validation refuses it.
            self.known[name] = _Size()
            if name in self.fragments:
                self.known[name] = self.of(self.fragments[name].selection_set)
        return self.known[name]
