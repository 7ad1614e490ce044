"""GraphQL resolvers of projects of teams, and registries: to the SDK both are projects."""

from __future__ import annotations

from typing import Any, Unpack

from artifacts.models import Collection, Entry, Registry, Version
from projects.models import Project
from teams.accounts.default_team import default_team
from teams.models import User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person, visitor
from wandb_api.graphql.connections import PageRequest
from wandb_api.lookup.artifact_types import SdkArtifactType, artifact_types_in, find_type
from wandb_api.lookup.deleted_user import deleted_user
from wandb_api.lookup.projects import (
    SdkProject,
    collections_in,
    entry_at,
    find_collection,
    find_sdk_project,
    may_change,
    sdk_project_view,
)
from wandb_api.search.collections import COLLECTIONS

project = resolver_tables.table_of("Project")
project.always(views=None, isBenchmark=False, totalSweeps=0)
resolver_tables.register_typename(Project, "Project")
resolver_tables.register_typename(Registry, "Project")


@resolver_tables.query.field("project")
@resolver_tables.query.field("model")
def find_project(
    _: None,
    info: Info,
    name: str | None = None,
    entityName: str | None = None,
    internalId: str | None = None,
) -> SdkProject | None:
    """Give the project, or nothing: the SDK asks for what is not there yet."""
    user = person(info)
    return find_sdk_project(user, entityName or str(default_team(user) or ""), name or "")


@project.field("id")
def id_of(found: SdkProject, *_: object) -> str:
    return sdk_project_view(found).id


@project.field("internalId")
def internal_id(found: SdkProject, *_: object) -> str:
    """The SDK decodes this one and wants a number in it."""
    return sdk_project_view(found).internal_id


@project.field("name")
def name(found: SdkProject, *_: object) -> str:
    return sdk_project_view(found).name


@project.field("entityName")
def entity_name(found: SdkProject, *_: object) -> str:
    return sdk_project_view(found).entity.name


@project.field("entity")
def entity(found: SdkProject, *_: object) -> Any:
    return sdk_project_view(found).entity


@project.field("user")
def owner(*_: object) -> User:
    """Projects are nobody's own."""
    return deleted_user("nobody")


@project.field("description")
def description(found: SdkProject, *_: object) -> str | None:
    return sdk_project_view(found).description


@project.field("createdAt")
@project.field("updatedAt")
def created_at(found: SdkProject, *_: object) -> Any:
    return sdk_project_view(found).created_at


@project.field("access")
def access(found: SdkProject, *_: object) -> str:
    return sdk_project_view(found).access


@project.field("readOnly")
def read_only(found: SdkProject, info: Info) -> bool:
    return not may_change(visitor(info), found)


@project.field("allowAllArtifactTypesInRegistry")
def allows_all_types(found: SdkProject, *_: object) -> bool:
    return not sdk_project_view(found).types


@project.field("artifactTypes")
def artifact_types(
    found: SdkProject, info: Info, after: str | None = None, first: int | None = None, includeAll: bool = False
) -> connections.RelayPage:
    return connections.page(artifact_types_in(found), first=first, after=after)


@project.field("artifactType")
def artifact_type(found: SdkProject, info: Info, name: str) -> SdkArtifactType | None:
    return find_type(found, name)


@project.field("artifactCollection")
def artifact_collection(found: SdkProject, info: Info, name: str) -> Collection | None:
    return find_collection(found, name)


@project.field("artifactCollections")
def artifact_collections(found: SdkProject, info: Info, **asked: Unpack[PageRequest]) -> connections.RelayPage:
    return COLLECTIONS.page(collections_in(found), asked)


@project.field("artifactCollectionMembership")
def membership(found: SdkProject, info: Info, name: str) -> Entry | None:
    return entry_at(found, name)


@project.field("artifact")
def artifact(found: SdkProject, info: Info, name: str, enableTracking: bool = False) -> Version | None:
    entry = entry_at(found, name)
    return entry.version if entry is not None else None
