"""Registries, and the projects beside them: made, changed, renamed and deleted; and who is in a registry."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404

from artifacts.models import Registry, Visibility
from automations.renaming import rename_registry
from common.refusals import Conflict, quoted, refuse
from projects.models import Project
from projects.services import create_project, get_or_create_project
from registries import access, services
from registries.models import RegistryMember, RegistryRole
from teams.models import User
from wandb_api import binding
from wandb_api.caller import Info, person
from wandb_api.entities import entity_named, entity_of, writable_team
from wandb_api.errors import NotImplementedHere
from wandb_api.ids import key_of, kind_and_key
from wandb_api.members import checked_role, people_of, team_name_of, teams_in, username_of
from wandb_api.places import PREFIX, Place, find_place

project = binding.of("Project")
DONE = {"success": True}
_VISIBILITIES = {"PRIVATE": Visibility.ORGANIZATION, "RESTRICTED": Visibility.RESTRICTED}


@binding.mutation.field("upsertModel")
def upsert(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Make a project or a registry, or change what is said of a registry."""
    user, name = person(info), input.get("name") or ""
    entity = input.get("entityName") or ""
    there = find_place(user, entity, name)
    if isinstance(there, Registry):
        access.require(user, there, RegistryRole.ADMIN)
        return _answer(services.change_registry(there, **_registry_details(input, there.types)), inserted=False)
    if there is not None:
        return _answer(there, inserted=False)
    if not name.startswith(PREFIX):
        team = writable_team(user, entity)
        try:
            return _answer(create_project(team, name, input.get("description") or ""), inserted=True)
        except Conflict:  # another script made it at this moment
            return _answer(get_or_create_project(team, name), inserted=False)
    owner = entity_named(user, entity)
    if owner is None:
        raise Http404(f"There is no organization or team {entity!r} here, or you are not in it.")
    organization = access.administered_organization(user, owner.organization.name)
    details = {key: value for key, value in _registry_details(input, []).items() if value is not None}
    registry = services.create_registry(organization, name.removeprefix(PREFIX), **details)
    return _answer(registry, inserted=True)


@binding.mutation.field("renameProject")
def rename(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    old, new = input["oldProjectName"], input["newProjectName"]
    if not (old.startswith(PREFIX) and new.startswith(PREFIX)):
        raise NotImplementedHere("renaming a project")
    registry = _registry_at(person(info), input["entityName"], old)
    return _answer(rename_registry(registry, new.removeprefix(PREFIX)), inserted=False)


@binding.mutation.field("deleteModel")
def delete(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    user = person(info)
    kind, _key = kind_and_key(input["id"])
    if kind != "Registry":
        raise NotImplementedHere("deleting a project")
    services.delete_registry(_registry(user, input["id"]))
    return DONE


@project.field("members")
def members(found: Place, info: Info) -> list[dict[str, Any]]:
    return people_of(person(info), found)


@project.field("teamMembers")
def team_members(found: Place, info: Info) -> list[dict[str, Any]]:
    rows = teams_in(person(info), found)
    return [{"team": entity_of(row.team), "role": {"name": row.role}} for row in rows if row.team is not None]


@binding.mutation.field("createProjectMembers")
def add_members(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = _registry(person(info), input["projectId"])
    people, teams = map(username_of, input.get("userIds") or ()), map(team_name_of, input.get("teamIds") or ())
    with transaction.atomic():
        for username in people:
            services.set_role_of_user(registry, username)
        for name in teams:
            services.set_role_of_team(registry, name)
    return DONE


@binding.mutation.field("deleteProjectMembers")
def remove_members(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = _registry(person(info), input["projectId"])
    people = [key_of("User", id) for id in input.get("userIds") or ()]
    teams = [key_of("Entity", id) for id in input.get("teamIds") or ()]
    for member in RegistryMember.objects.filter(Q(user__in=people) | Q(team__in=teams), registry=registry):
        services.remove_member(member)
    return DONE


@binding.mutation.field("updateProjectMember")
def change_role(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = _registry(person(info), input["projectId"])
    services.set_role_of_user(registry, username_of(input["userId"]), checked_role(input["userProjectRole"]))
    return DONE


@binding.mutation.field("updateProjectTeamMember")
def change_role_of_team(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = _registry(person(info), input["projectId"])
    services.set_role_of_team(registry, team_name_of(input["teamId"]), checked_role(input["teamProjectRole"]))
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


def _registry(user: User, id: str) -> Registry:
    """Give the registry to its admins."""
    found = Registry.objects.select_related("organization").filter(pk=key_of("Registry", id)).first()
    if found is None:
        raise Http404(f"There is no registry with the id {quoted(id)}.")
    access.require(user, found, RegistryRole.ADMIN)
    return found


def _registry_at(user: User, entity: str, name: str) -> Registry:
    found = find_place(user, entity, name)
    if not isinstance(found, Registry):
        raise Http404(f"There is no registry {name!r} in {entity!r}.")
    access.require(user, found, RegistryRole.ADMIN)
    return found
