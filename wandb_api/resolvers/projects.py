"""Projects of teams, and registries: to the SDK both are projects."""

from __future__ import annotations

from typing import Any, Unpack

from artifacts.models import Collection, Entry, Registry, Version
from projects.models import Project
from teams.models import User
from wandb_api import binding, pages
from wandb_api.artifact_types import TypeIn, find_type, types_in
from wandb_api.caller import Info, person, visitor
from wandb_api.collections import COLLECTIONS
from wandb_api.entities import default_team
from wandb_api.pages import Asked
from wandb_api.people import nobody
from wandb_api.places import Place, collections_in, entry_at, find_collection, find_place, may_change, shown

project = binding.of("Project")
project.always(views=None, isBenchmark=False, totalSweeps=0)
binding.name_as(Project, "Project")
binding.name_as(Registry, "Project")


@binding.query.field("project")
@binding.query.field("model")
def find_project(
    _: None,
    info: Info,
    name: str | None = None,
    entityName: str | None = None,
    internalId: str | None = None,
) -> Place | None:
    """Give the project, or nothing: the SDK asks for what is not there yet."""
    user = person(info)
    return find_place(user, entityName or str(default_team(user) or ""), name or "")


@project.field("id")
def id_of(found: Place, *_: object) -> str:
    return shown(found).id


@project.field("internalId")
def internal_id(found: Place, *_: object) -> str:
    """The SDK decodes this one and wants a number in it."""
    return shown(found).internal_id


@project.field("name")
def name(found: Place, *_: object) -> str:
    return shown(found).name


@project.field("entityName")
def entity_name(found: Place, *_: object) -> str:
    return shown(found).entity.name


@project.field("entity")
def entity(found: Place, *_: object) -> Any:
    return shown(found).entity


@project.field("user")
def owner(*_: object) -> User:
    """Projects are nobody's own."""
    return nobody("nobody")


@project.field("description")
def description(found: Place, *_: object) -> str:
    return shown(found).description


@project.field("createdAt")
@project.field("updatedAt")
def created_at(found: Place, *_: object) -> Any:
    return shown(found).created_at


@project.field("access")
def access(found: Place, *_: object) -> str:
    return shown(found).access


@project.field("readOnly")
def read_only(found: Place, info: Info) -> bool:
    return not may_change(visitor(info), found)


@project.field("allowAllArtifactTypesInRegistry")
def allows_all_types(found: Place, *_: object) -> bool:
    return not shown(found).types


@project.field("artifactTypes")
def artifact_types(
    found: Place, info: Info, after: str | None = None, first: int | None = None, includeAll: bool = False
) -> dict[str, Any]:
    return pages.page(types_in(found), first=first, after=after)


@project.field("artifactType")
def artifact_type(found: Place, info: Info, name: str) -> TypeIn | None:
    return find_type(found, name)


@project.field("artifactCollection")
def artifact_collection(found: Place, info: Info, name: str) -> Collection | None:
    return find_collection(found, name)


@project.field("artifactCollections")
def artifact_collections(found: Place, info: Info, **asked: Unpack[Asked]) -> dict[str, Any]:
    return COLLECTIONS.page(collections_in(found), asked)


@project.field("artifactCollectionMembership")
def membership(found: Place, info: Info, name: str) -> Entry | None:
    return entry_at(found, name)


@project.field("artifact")
def artifact(found: Place, info: Info, name: str, enableTracking: bool = False) -> Version | None:
    entry = entry_at(found, name)
    return entry.version if entry is not None else None
