"""GraphQL resolvers of `ArtifactType`."""

from __future__ import annotations

from typing import Unpack

from artifacts.models import Collection, Version
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info
from wandb_api.graphql.connections import PageRequest, RelayPage
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.artifact_types import SdkArtifactType
from wandb_api.lookup.projects import collections_in, entry_at, sdk_project_view
from wandb_api.search.collections import COLLECTIONS

artifact_type = resolver_tables.table_of("ArtifactType")
artifact_type.attributes(name="name", createdAt="created_at")
artifact_type.always(description=None)
resolver_tables.register_typename(SdkArtifactType, "ArtifactType")


@artifact_type.field("id")
def id_of(found: SdkArtifactType, *_: object) -> str:
    return global_id("ArtifactType", f"{sdk_project_view(found.place).number}:{found.name}")


@artifact_type.field("artifactSequence")
@artifact_type.field("artifactCollection")
def collection(found: SdkArtifactType, info: Info, name: str) -> Collection | None:
    return collections_in(found.place).filter(name=name, type=found.name).first()


@artifact_type.field("artifact")
def artifact(found: SdkArtifactType, info: Info, name: str) -> Version | None:
    entry = entry_at(found.place, name)
    return entry.version if entry is not None and entry.collection.type == found.name else None


@artifact_type.field("artifactCollections")
def collections(found: SdkArtifactType, info: Info, **asked: Unpack[PageRequest]) -> RelayPage:
    return COLLECTIONS.page(collections_in(found.place).filter(type=found.name), asked)
