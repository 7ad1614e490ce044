"""The schema with its resolvers, made when the first address is read."""

from __future__ import annotations

from pathlib import Path

from ariadne import load_schema_from_path, make_executable_schema
from graphql import GraphQLSchema, GraphQLUnionType

from common.registry import read_modules
from wandb_api import binding
from wandb_api.scalars import SCALARS

PATH = Path(__file__).parent / "schema.graphql"


def _make() -> GraphQLSchema:
    read_modules("wandb_api.resolvers")
    made = make_executable_schema(load_schema_from_path(str(PATH)), *binding.tables(), *SCALARS)
    for interface in binding.interfaces(made):
        interface.bind_to_schema(made)
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLUnionType):
            kind.resolve_type = binding.typename
    binding.fill_gaps(made)
    return made


schema = _make()
