"""GraphQL fields and mutations of a registry's members: people and teams, with their roles."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404

from artifacts.models import Registry
from common.data.validation_errors import quoted
from registries import access, services
from registries.models import RegistryMember, RegistryRole
from teams.models import User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import key_of
from wandb_api.graphql.partial_objects import Partial, tells
from wandb_api.lookup.entities import entity_of
from wandb_api.lookup.projects import SdkProject, place_and_key
from wandb_api.lookup.registry_members import checked_role, people_of, team_name_of, teams_in, username_of

project = resolver_tables.table_of("Project")
DONE = {"success": True}
ID_AND_NAME = tells("{ id name }")


@project.field("members")
def members(found: SdkProject, info: Info) -> list[dict[str, Any]]:
    return people_of(person(info), found, info.context.knows)


@project.field("teamMembers")
def team_members(found: SdkProject, info: Info) -> list[dict[str, Any]]:
    """To admins of the registry a team that is not theirs says its name and its id, by which they take it out."""
    rows = [(row.team, row.role) for row in teams_in(person(info), found) if row.team is not None]
    mine = info.context.teams
    return [
        {"team": entity_of(team) if team.pk in mine else Partial(entity_of(team), ID_AND_NAME), "role": {"name": role}}
        for team, role in rows
    ]


@resolver_tables.mutation.field("createProjectMembers")
def add_members(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = administered_registry(person(info), input["projectId"])
    with transaction.atomic():
        for id in input.get("userIds") or ():
            services.set_role_of_user(registry, username_of(registry, id))
        for id in input.get("teamIds") or ():
            services.set_role_of_team(registry, team_name_of(registry, id))
    return DONE


@resolver_tables.mutation.field("deleteProjectMembers")
def remove_members(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = administered_registry(person(info), input["projectId"])
    people = [key_of("User", id) for id in input.get("userIds") or ()]
    teams = [key_of("Entity", id) for id in input.get("teamIds") or ()]
    for member in RegistryMember.objects.filter(Q(user__in=people) | Q(team__in=teams), registry=registry):
        services.remove_member(member)
    return DONE


@resolver_tables.mutation.field("updateProjectMember")
def change_role(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = administered_registry(person(info), input["projectId"])
    services.set_role_of_user(registry, username_of(registry, input["userId"]), checked_role(input["userProjectRole"]))
    return DONE


@resolver_tables.mutation.field("updateProjectTeamMember")
def change_role_of_team(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    registry = administered_registry(person(info), input["projectId"])
    services.set_role_of_team(registry, team_name_of(registry, input["teamId"]), checked_role(input["teamProjectRole"]))
    return DONE


def administered_registry(user: User, id: str) -> Registry:
    """Give the registry to its admins."""
    kind, key = place_and_key(id)
    rows = Registry.objects.filter(pk=key) if kind == "Registry" else Registry.objects.none()
    found = access.registries_of(user).filter(pk__in=rows).first()
    if found is None:
        access.note_hidden(rows)
        raise Http404(f"There is no registry with the id {quoted(id)}.")
    access.require(user, found, RegistryRole.ADMIN)
    return found
