"""GraphQL lists of what teams and organizations have: projects, registries, and what is in those."""

from __future__ import annotations

from typing import Unpack

from django.db.models import QuerySet

from artifacts.access import with_owner
from artifacts.models import Collection, Entry, Registry
from projects.models import Project
from registries.access import registries_of
from teams.access import in_teams_of
from teams.accounts.default_team import default_team
from teams.models import User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person, visitor
from wandb_api.graphql.connections import PageRequest
from wandb_api.lookup.entities import Entity, entity_named, entity_of
from wandb_api.lookup.projects import SdkProject, find_sdk_project
from wandb_api.search.collections import COLLECTIONS, ENTRIES, REGISTRIES, with_related

entity = resolver_tables.table_of("Entity")


@resolver_tables.query.field("models")
def projects_of(
    _: None, info: Info, entityName: str | None = None, after: str | None = None, first: int | None = None
) -> connections.RelayPage:
    """The projects of a team, or those of the one that is meant where none is named."""
    user = person(info)
    team = default_team(user)
    owner = entity_named(user, entityName) if entityName else team and entity_of(team)
    return connections.page(_projects(user, owner) if owner else [], first=first, after=after)


@resolver_tables.table_of("User").field("projects")
def projects_seen(found: User, info: Info, after: str | None = None, first: int | None = None) -> connections.RelayPage:
    """Everything that the person may see: projects of all their teams, and registries."""
    if visitor(info) != found:
        return connections.page([])
    rows: list[SdkProject] = [*_all_projects(found), *registries_of(found).order_by("pk")]
    return connections.page(rows, first=first, after=after)


@entity.field("project")
def project(found: Entity, info: Info, name: str | None = None) -> SdkProject | None:
    return find_sdk_project(person(info), found.name, name or "")


@entity.field("projects")
def projects(found: Entity, info: Info, **asked: Unpack[PageRequest]) -> connections.RelayPage:
    """The projects of a team; of an organization its registries."""
    if found.team is not None:
        rows = _projects(person(info), found)
        return connections.page(rows, first=asked.get("first"), after=asked.get("after"))
    return REGISTRIES.page(_registries(info, found), asked)


@entity.field("artifactCollections")
def collections(
    found: Entity,
    info: Info,
    projectFilters: str | None = None,
    collectionTypes: list[str] | None = None,
    **asked: Unpack[PageRequest],
) -> connections.RelayPage:
    """The collections of an organization's registries."""
    registries = REGISTRIES.matching(_registries(info, found), projectFilters, "projectFilters")
    rows = with_owner(Collection.objects.filter(registry__in=registries))
    # Registries hold nothing but portfolios.
    rows = rows if collectionTypes is None or "PORTFOLIO" in collectionTypes else rows.none()
    return COLLECTIONS.page(rows, asked)


@entity.field("artifactMemberships")
def memberships(
    found: Entity,
    info: Info,
    projectFilters: str | None = None,
    collectionFilters: str | None = None,
    **asked: Unpack[PageRequest],
) -> connections.RelayPage:
    """The versions linked into an organization's registries."""
    registries = REGISTRIES.matching(_registries(info, found), projectFilters, "projectFilters")
    places = with_owner(Collection.objects.filter(registry__in=registries))
    inside = COLLECTIONS.matching(places, collectionFilters, "collectionFilters")
    rows = with_related(Entry.objects.filter(collection__in=inside.values("pk")))
    return ENTRIES.page(rows, {**asked, "order": asked.get("order") or "+linked_at"})


def _projects(user: User, owner: Entity) -> QuerySet[Project]:
    return _all_projects(user).filter(team=owner.team)


def _all_projects(user: User) -> QuerySet[Project]:
    rows = Project.objects.select_related("team__organization").order_by("pk")
    return in_teams_of(user, rows)


def _registries(info: Info, owner: Entity) -> QuerySet[Registry]:
    return registries_of(person(info)).filter(organization=owner.organization)
