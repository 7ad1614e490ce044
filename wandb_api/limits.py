"""What a document may cost at most, asked before it is kept."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from wandb_api.errors import BadRequest

LONGEST = 100_000
MOST_TOKENS = 20_000
# The deepest document recorded of the SDK is 7 fields deep; introspection goes to 15.
DEEPEST = 25
# Fields, those below a list counted ten times for each list above. The SDK's dearest costs 5,000, introspection 41,000.
DEAREST = 500_000
_LISTS = {"edges", "nodes", "triggers", "members", "teamMembers", "fields", "args", "types", "inputFields", "files"}
_EACH = 10


def check(document: DocumentNode) -> None:
    """Refuse what is nested too deeply or costs too much. It has been validated: no fragment spreads itself."""
    fragments = {
        one.name.value: one.selection_set for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    costs: dict[str, tuple[int, int]] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            cost, depth = _measure(operation.selection_set, fragments, costs)
            if depth > DEEPEST:
                raise BadRequest(f"The query is {depth} fields deep; {DEEPEST} is the most.")
            if cost > DEAREST:
                raise BadRequest(f"The query costs {cost} (below a list each field counts ten); {DEAREST} is the most.")


def _measure(
    selections: SelectionSetNode, fragments: dict[str, SelectionSetNode], known: dict[str, tuple[int, int]]
) -> tuple[int, int]:
    """Give cost and depth. Each fragment is measured once: spread in each other they would double at each step."""
    cost = deepest = 0
    for one in selections.selections:
        if isinstance(one, FieldNode):
            inner, depth = _measure(one.selection_set, fragments, known) if one.selection_set else (0, 0)
            cost, depth = cost + 1 + inner * (_EACH if one.name.value in _LISTS else 1), depth + 1
        elif isinstance(one, InlineFragmentNode):
            inner, depth = _measure(one.selection_set, fragments, known)
            cost += inner
        elif isinstance(one, FragmentSpreadNode):
            name = one.name.value
            if name not in known:
                known[name] = _measure(fragments[name], fragments, known)
            inner, depth = known[name]
            cost += inner
        else:
            continue
        deepest = max(deepest, depth)
    return cost, deepest
