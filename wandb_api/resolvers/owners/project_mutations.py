"""GraphQL mutations of registries and projects: upsertModel, renameProject, deleteModel."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from artifacts.models import Registry, Visibility
from automations.definitions.renaming import rename_registry
from common.data.validation_errors import Conflict, quoted, refuse
from projects.models import Project
from projects.services import create_project, get_or_create_project
from registries import access, services
from registries.models import RegistryRole
from teams.models import User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.errors import NotImplementedHere
from wandb_api.lookup.entities import entity_named, writable_team
from wandb_api.lookup.projects import REGISTRY_PREFIX, find_sdk_project, place_and_key
from wandb_api.resolvers.owners.registry_members import DONE, administered_registry

_VISIBILITIES = {"PRIVATE": Visibility.ORGANIZATION, "RESTRICTED": Visibility.RESTRICTED}


@resolver_tables.mutation.field("upsertModel")
def upsert(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Make a project or a registry, or change what is said of a registry."""
    user, name = person(info), input.get("name") or ""
    entity = input.get("entityName") or ""
    there = find_sdk_project(user, entity, name)
    if isinstance(there, Registry):
        access.require(user, there, RegistryRole.ADMIN)
        return _answer(services.change_registry(there, **_registry_details(input, there.types)), inserted=False)
    if there is not None:
        return _answer(there, inserted=False)
    if not name.startswith(REGISTRY_PREFIX):
        team = writable_team(user, entity)
        try:
            return _answer(create_project(team, name, input.get("description", "")), inserted=True)
        except Conflict:  # another script made it at this moment
            return _answer(get_or_create_project(team, name), inserted=False)
    owner = entity_named(user, entity)
    if owner is None:
        raise Http404(f"There is no organization or team {entity!r} here, or you are not in it.")
    organization = access.administered_organization(user, owner.organization.name)
    details = {key: value for key, value in _registry_details(input, []).items() if value is not None}
    # Null is what was said; what was not said is empty.
    details |= {"description": None} if input.get("description", "") is None else {}
    registry = services.create_registry(organization, name.removeprefix(REGISTRY_PREFIX), **details, by=user)
    return _answer(registry, inserted=True)


@resolver_tables.mutation.field("renameProject")
def rename(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    old, new = input["oldProjectName"], input["newProjectName"]
    if not (old.startswith(REGISTRY_PREFIX) and new.startswith(REGISTRY_PREFIX)):
        raise NotImplementedHere("renaming a project")
    registry = _registry_at(person(info), input["entityName"], old)
    return _answer(rename_registry(registry, new.removeprefix(REGISTRY_PREFIX)), inserted=False)


@resolver_tables.mutation.field("deleteModel")
def delete(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """Delete a registry. A repeat is harmless, as it is for runs and versions."""
    user = person(info)
    kind, key = place_and_key(input["id"])
    if kind != "Registry":
        raise NotImplementedHere("deleting a project")
    if access.is_deleted_registry(user, key):
        return DONE
    services.delete_registry(administered_registry(user, input["id"]))
    return DONE


def _answer(place: Project | Registry, *, inserted: bool) -> dict[str, Any]:
    return {"project": place, "model": place, "inserted": inserted}


def _registry_details(sent: dict[str, Any], types: list[str]) -> dict[str, Any]:
    """Read what is said of a registry. The SDK names new types alone, and says apart where all are allowed."""
    access = sent.get("access")
    if access is not None and access not in _VISIBILITIES:
        refuse("access", f"{quoted(access)} is no visibility. Choose one of: {', '.join(_VISIBILITIES)}.")
    new = [kind["name"] for kind in sent.get("artifactTypes") or ()]
    return {
        "description": sent.get("description"),
        "visibility": _VISIBILITIES[access] if access is not None else None,
        "types": [] if sent.get("allowAllArtifactTypesInRegistry") else [*types, *new] or None,
    }


def _registry_at(user: User, entity: str, name: str) -> Registry:
    found = find_sdk_project(user, entity, name)
    if not isinstance(found, Registry):
        raise Http404(f"There is no registry {name!r} in {entity!r}.")
    access.require(user, found, RegistryRole.ADMIN)
    return found
