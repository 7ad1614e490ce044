"""The executable GraphQL schema: `schema.graphql` with its resolvers, made when the first address is read."""

from __future__ import annotations

from pathlib import Path

from ariadne import load_schema_from_path, make_executable_schema
from graphql import GraphQLSchema, GraphQLUnionType

from common.plugins import read_modules
from wandb_api.graphql import key_scopes, object_guards, resolver_tables
from wandb_api.graphql.scalars import SCALARS

PATH = Path(__file__).parent / "schema.graphql"


def _make() -> GraphQLSchema:
    read_modules("wandb_api.resolvers")
    made = make_executable_schema(load_schema_from_path(str(PATH)), *resolver_tables.tables(), *SCALARS)
    for interface in resolver_tables.interfaces(made):
        interface.bind_to_schema(made)
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLUnionType):
            kind.resolve_type = resolver_tables.typename
    resolver_tables.add_default_resolvers(made)
    key_scopes.guard(made)
    object_guards.guard_fields(made)
    return made


schema = _make()
