"""Authorization of every edge of the graph: one guard per type of the schema, asked where an object becomes an answer.

`guard_fields` wraps the resolver of each field when the schema is made, so a new field asks without anybody
remembering it. What may not be seen is null, or left out of lists and their counts; where the schema allows no null
it is an object of which nothing is told. Who may see what stands in `wandb_api/resolvers/visibility.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from wandb_api.graphql.caller import Caller
from wandb_api.graphql.connections import RelayPage, Rows
from wandb_api.graphql.partial_objects import Partial, empty
from wandb_api.graphql.resolver_tables import Resolver, typename

# Gives for each object the object itself, a Partial of it, or None where the caller may not see it.
Guard = Callable[[Caller, Sequence[Any]], Sequence[Any]]
# Gives those of the rows that the caller may see.
Narrowing = Callable[[Caller, QuerySet[Any]], QuerySet[Any]]

_guards: dict[str, Guard] = {}
_containers: set[str] = set()
_narrowings: dict[type[Model], Narrowing] = {}


def guard(*names: str) -> Callable[[Guard], Guard]:
    """Say who may see the objects of these types. They come by lists, so that a guard asks the database once."""

    def register(one: Guard) -> Guard:
        for name in names:
            _refuse_twice(name)
            _guards[name] = one
        return one

    return register


def containers(*names: str) -> None:
    """Say that these types hold nothing of their own: their fields are guarded, or part of what was guarded."""
    for name in names:
        _refuse_twice(name)
        _containers.add(name)


def narrowing(*models: type[Model]) -> Callable[[Narrowing], Narrowing]:
    """Say which rows a caller may see, for lists: they are cut into pages and counted by the database."""

    def register(one: Narrowing) -> Narrowing:
        _narrowings.update(dict.fromkeys(models, one))
        return one

    return register


def unguarded_types(schema: GraphQLSchema) -> list[str]:
    """Give the object types that have no guard and are not declared to hold nothing of their own."""
    return sorted({kind.name for kind in object_types(schema)} - _guards.keys() - _containers)


def unused_guards(schema: GraphQLSchema) -> list[str]:
    """Give what is registered for types that the schema lacks."""
    return sorted((_guards.keys() | _containers) - {kind.name for kind in object_types(schema)})


def object_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            yield kind


def guard_fields(schema: GraphQLSchema) -> None:
    """Let every field of every type ask before it answers."""
    for kind in object_types(schema):
        for name, one in kind.fields.items():
            assert one.resolve is not None, f"{kind.name}.{name} has no resolver"
            one.resolve = _GuardedField(schema, name, one.type, one.resolve).resolve


class _GuardedField:
    """The resolver of a field, and what the schema says of what it gives."""

    def __init__(self, schema: GraphQLSchema, name: str, kind: Any, inner: Resolver) -> None:
        self.name, self.kind, self.inner = name, kind, inner
        self.is_required = isinstance(kind, GraphQLNonNull)
        self.is_list = isinstance(kind.of_type if self.is_required else kind, GraphQLList)
        self.possible = _possible_types(schema, get_named_type(kind))
        self.nodes = _node_types(schema, get_named_type(kind))

    def resolve(self, parent: Any, info: Any, **arguments: Any) -> Any:
        if not isinstance(parent, Partial):
            return self._seen(self.inner(parent, info, **arguments), info.context)
        if self.name not in parent.tells:
            return empty(self.kind, self.possible[0] if self.possible else "")
        found, told = self.inner(parent.of, info, **arguments), parent.tells[self.name]
        if found is None or told is None or isinstance(found, Partial):
            return self._seen(found, info.context)
        return Partial(found, told, _type_of(found, self.possible))

    def _seen(self, found: Any, caller: Caller) -> Any:
        if found is None or not self.possible:
            return found
        if self.nodes:
            return _seen_page(found, self.nodes, caller)
        if self.is_list:
            return [one for one in _judged(found, self.possible, caller) if one is not None]
        (seen,) = _judged([found], self.possible, caller)
        return Partial(typename=_type_of(found, self.possible)) if seen is None and self.is_required else seen


def _seen_page(found: Any, nodes: Sequence[str], caller: Caller) -> Any:
    """Cut the page out of what may be seen, and look at each of its nodes once more."""
    page = found.of(_narrowed(found, nodes, caller)) if isinstance(found, RelayPage) else found
    if isinstance(page, Partial):
        return page
    judged = _judged([edge["node"] for edge in page["edges"]], nodes, caller)
    edges = [{**edge, "node": node} for edge, node in zip(page["edges"], judged, strict=True) if node is not None]
    counted = {"totalCount": page["totalCount"] - len(judged) + len(edges)} if "totalCount" in page else {}
    return {**page, **counted, "edges": edges}


def _narrowed(page: RelayPage, nodes: Sequence[str], caller: Caller) -> Rows:
    rows = page.rows
    if isinstance(rows, QuerySet):
        narrowing = _narrowings.get(rows.model)
        return narrowing(caller, rows) if narrowing else rows
    if page.edge is not None:
        return rows  # they are no nodes yet
    seen = _judged(rows, nodes, caller)
    return [one for one, judged in zip(rows, seen, strict=True) if judged is not None]


def _judged(found: Sequence[Any], possible: Sequence[str], caller: Caller) -> list[Any]:
    """Ask the guards, each for all objects of its type at once."""
    judged = [one if isinstance(one, Partial) else None for one in found]
    by_type: dict[str, list[int]] = {}
    for at, one in enumerate(found):
        if one is not None and not isinstance(one, Partial):
            by_type.setdefault(_type_of(one, possible), []).append(at)
    for name, places in by_type.items():
        # What has no guard is nobody's to see, unless it is said that it holds nothing of its own.
        ask = _guards.get(name, _everything if name in _containers else _nothing)
        for at, seen in zip(places, ask(caller, [found[at] for at in places]), strict=True):
            judged[at] = seen
    return judged


def _type_of(value: Any, possible: Sequence[str]) -> str:
    return possible[0] if len(possible) == 1 else typename(value)


def _possible_types(schema: GraphQLSchema, named: Any) -> list[str]:
    """Give the object types that a value may have; none for what is no object."""
    if isinstance(named, GraphQLObjectType):
        return [named.name]
    if isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)):
        return [kind.name for kind in schema.get_possible_types(named)]
    return []


def _node_types(schema: GraphQLSchema, named: Any) -> list[str]:
    """Give the types of a connection's nodes; none for what is no connection."""
    if not isinstance(named, GraphQLObjectType) or "edges" not in named.fields:
        return []
    edge = get_named_type(named.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    return _possible_types(schema, get_named_type(edge.fields["node"].type))


def _everything(caller: Caller, found: Sequence[Any]) -> Sequence[Any]:
    return found


def _nothing(caller: Caller, found: Sequence[Any]) -> Sequence[Any]:
    return [None] * len(found)


def _refuse_twice(name: str) -> None:
    if name in _guards or name in _containers:
        raise ValueError(f"the type {name} has two guards")
