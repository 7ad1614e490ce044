"""GraphQL resolver registration: one table per type of the schema, shared by the files that fill it.

A resolver takes `(parent, info, **arguments)`. A field twice, or one that the schema lacks, is refused at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ariadne import InterfaceType, ObjectType
from django.db.models import Model
from graphql import GraphQLObjectType, GraphQLSchema

from wandb_api.graphql.errors import NotImplementedHere
from wandb_api.graphql.partial_objects import Partial

Resolver = Callable[..., Any]
# How the answer's `__typename` is told from what a resolver gives, by class.
Naming = Callable[[Any], str]


class ResolverTable(ObjectType):
    """The resolvers of one object type."""

    def field(self, name: str) -> Callable[[Resolver], Resolver]:
        self._refuse_twice(name)
        return super().field(name)

    def attributes(self, **attributes: str) -> None:
        """Answer the fields with attributes of the parent: `displayName="display_name"`."""
        for name, attribute in attributes.items():
            self._refuse_twice(name)
            self.set_alias(name, attribute)

    def always(self, **values: object) -> None:
        """Answer the fields with the same value for everybody: what Runbell has none of."""
        for name, value in values.items():
            self._refuse_twice(name)
            self.set_field(name, _constant(value))

    def _refuse_twice(self, name: str) -> None:
        if name in self._resolvers:
            raise ValueError(f"the field {self.name}.{name} has two resolvers")


_tables: dict[str, ResolverTable] = {}
_namings: dict[type, Naming] = {}


def table_of(name: str) -> ResolverTable:
    """Give the table of this type, the same at each call."""
    return _tables.setdefault(name, ResolverTable(name))


query, mutation = table_of("Query"), table_of("Mutation")


def tables() -> list[ResolverTable]:
    return list(_tables.values())


def register_typename(model: type, naming: str | Naming) -> None:
    """Say which type of the schema an instance of the class is, where an interface or a union may be several."""
    if model in _namings:
        raise ValueError(f"the class {model.__name__} is named twice")
    _namings[model] = naming if callable(naming) else _constant(naming)


def typename(value: Any, *_: object) -> str:
    """Give the type's name of what a resolver gave: a row, or a mapping with `__typename`, or a part of one."""
    if isinstance(value, Partial):
        return value.typename or typename(value.of)
    if isinstance(value, Mapping):
        return str(value["__typename"])
    naming = _namings.get(type(value))
    if naming is None:
        raise NotImplementedHere(f"the type of {type(value).__name__}")
    return naming(value)


def interfaces(schema: GraphQLSchema) -> list[InterfaceType]:
    names = [name for name, kind in schema.type_map.items() if type(kind).__name__ == "GraphQLInterfaceType"]
    return [InterfaceType(name, type_resolver=typename) for name in names]


def add_default_resolvers(schema: GraphQLSchema) -> None:
    """Let each field without a resolver answer from the parent's mapping, and say by name that it cannot else."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in kind.fields.items():
                field.resolve = field.resolve or _from_mapping(f"{name}.{field_name}")


def unresolved_fields(schema: GraphQLSchema) -> list[str]:
    """Give the fields that nobody answers: of the roots, and of types that have resolvers."""
    found = []
    for table in sorted(_tables.values(), key=lambda one: one.name):
        kind = schema.type_map[table.name]
        assert isinstance(kind, GraphQLObjectType)
        found += [f"{table.name}.{field}" for field in kind.fields if field not in table._resolvers]
    return found


def _constant(value: object) -> Resolver:
    return lambda *_, **__: value


def _from_mapping(path: str) -> Resolver:
    name = path.rpartition(".")[2]

    def resolve(parent: Any, *_: object, **__: object) -> Any:
        if isinstance(parent, Mapping) and name in parent:
            return parent[name]
        if not isinstance(parent, (Model, Mapping)) and hasattr(parent, name):
            return getattr(parent, name)
        raise NotImplementedHere(path)

    return resolve
