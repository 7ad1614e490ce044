"""What teams and organizations have: projects, registries, and what is in those."""

from __future__ import annotations

from typing import Any, Unpack

from django.db.models import QuerySet

from artifacts.access import with_owner
from artifacts.models import Collection, Entry, Registry
from projects.models import Project
from registries.access import registries_of
from teams.access import in_teams_of
from teams.models import User
from wandb_api import binding, pages
from wandb_api.caller import Info, person, visitor
from wandb_api.collections import COLLECTIONS, ENTRIES, REGISTRIES, with_all
from wandb_api.entities import Entity, default_team, entity_named, entity_of
from wandb_api.pages import Asked
from wandb_api.places import Place, find_place

entity = binding.of("Entity")


@binding.query.field("models")
def projects_of(
    _: None, info: Info, entityName: str | None = None, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    """The projects of a team, or those of the one that is meant where none is named."""
    user = person(info)
    team = default_team(user)
    owner = entity_named(user, entityName) if entityName else team and entity_of(team)
    return pages.page(_projects(user, owner) if owner else [], first=first, after=after)


@binding.of("User").field("projects")
def projects_seen(found: User, info: Info, after: str | None = None, first: int | None = None) -> dict[str, Any]:
    """Everything that the person may see: projects of all their teams, and registries."""
    if visitor(info) != found:
        return pages.page([])
    rows: list[Place] = [*_all_projects(found), *registries_of(found).order_by("pk")]
    return pages.page(rows, first=first, after=after)


@entity.field("project")
def project(found: Entity, info: Info, name: str | None = None) -> Place | None:
    return find_place(person(info), found.name, name or "")


@entity.field("projects")
def projects(found: Entity, info: Info, **asked: Unpack[Asked]) -> dict[str, Any]:
    """The projects of a team; of an organization its registries."""
    if found.team is not None:
        rows = _projects(person(info), found)
        return pages.page(rows, first=asked.get("first"), after=asked.get("after"))
    return REGISTRIES.page(_registries(info, found), asked)


@entity.field("artifactCollections")
def collections(
    found: Entity,
    info: Info,
    projectFilters: str | None = None,
    collectionTypes: list[str] | None = None,
    **asked: Unpack[Asked],
) -> dict[str, Any]:
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
    **asked: Unpack[Asked],
) -> dict[str, Any]:
    """The versions linked into an organization's registries."""
    registries = REGISTRIES.matching(_registries(info, found), projectFilters, "projectFilters")
    places = with_owner(Collection.objects.filter(registry__in=registries))
    inside = COLLECTIONS.matching(places, collectionFilters, "collectionFilters")
    rows = with_all(Entry.objects.filter(collection__in=inside.values("pk")))
    return ENTRIES.page(rows, {**asked, "order": asked.get("order") or "+linked_at"})


def _projects(user: User, owner: Entity) -> QuerySet[Project]:
    return _all_projects(user).filter(team=owner.team)


def _all_projects(user: User) -> QuerySet[Project]:
    rows = Project.objects.select_related("team__organization").order_by("pk")
    return in_teams_of(user, rows)


def _registries(info: Info, owner: Entity) -> QuerySet[Registry]:
    return registries_of(person(info)).filter(organization=owner.organization)
