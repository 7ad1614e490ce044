"""GraphQL mutations that link and unlink versions: into registries, and into portfolios of projects."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from artifacts import services
from artifacts.models import Collection, Entry, Registry, Version
from artifacts.services import PlacedVersion, get_or_create_collection
from common.data.validation_errors import refuse
from projects.services import get_or_create_project
from registries import services as registries
from registries.access import require_change, versions_seen_by
from teams.access import require
from teams.models import Role, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.lookup.entities import writable_team
from wandb_api.lookup.projects import REGISTRY_PREFIX, SdkProject, changeable_sdk_project, find_collection
from wandb_api.lookup.versions import changeable_collection_by_id, collection_by_id, entry_in, version_by_id


@resolver_tables.mutation.field("linkArtifact")
def link(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Link a version, by its id or by how its client calls it. A repeat only adds aliases."""
    user = person(info)
    version = _version(user, input)
    require(user, version.team, Role.MEMBER)
    aliases = [alias["alias"] for alias in input.get("aliases") or ()]
    place, name = _target(user, input)
    entry = _linked(version, place, name, aliases, user).entry
    return {"versionIndex": entry.index, "artifactMembership": _whole(entry)}


@resolver_tables.mutation.field("unlinkArtifact")
def unlink(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    user = person(info)
    collection = changeable_collection_by_id(user, input["artifactPortfolioID"])
    services.unlink(entry_in(collection, version_by_id(user, input["artifactID"])), by=user)
    return {"success": True}


def _version(user: User, sent: dict[str, Any]) -> Version:
    if sent.get("artifactID"):
        return version_by_id(user, sent["artifactID"])
    rows = versions_seen_by(user).filter(uploads__client_id=sent.get("clientID") or "").order_by("-uploads__pk")
    found = rows.first() if sent.get("clientID") else None
    if found is None:
        raise Http404("There is no committed artifact with this client id.")
    return found


def _target(user: User, sent: dict[str, Any]) -> tuple[SdkProject, str]:
    if sent.get("artifactPortfolioID"):
        found = collection_by_id(user, sent["artifactPortfolioID"])
        require_change(user, found)
        return found.owner, found.name
    entity, project, name = (sent.get(key) or "" for key in ("entityName", "projectName", "artifactPortfolioName"))
    if not name:
        refuse("artifactPortfolioName", "There is none. Say which collection to link to.")
    if project.startswith(REGISTRY_PREFIX):
        return changeable_sdk_project(user, entity, project), name
    return get_or_create_project(writable_team(user, entity), project), name


def _linked(version: Version, place: SdkProject, name: str, aliases: list[str], user: User) -> PlacedVersion:
    if isinstance(place, Registry):
        return registries.link(version, place, name, aliases=aliases, by=user)
    target = find_collection(place, name) or _made(place, name, version)
    return services.link(version, target, aliases=aliases, by=user)


def _made(place: SdkProject, name: str, version: Version) -> Collection:
    return get_or_create_collection(place, name, version.collection.type, holds_links=True)[0]


def _whole(entry: Entry) -> Entry:
    """Read the entry anew, with the aliases it has now."""
    return Entry.objects.select_related("collection__project__team", "collection__registry", "version").get(pk=entry.pk)
