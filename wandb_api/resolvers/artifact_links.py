"""Linking versions into registries, and into portfolios of projects."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from artifacts import services
from artifacts.models import Collection, Entry, Registry, Upload, Version
from artifacts.services import Placed, get_or_create_collection
from common.refusals import refuse
from projects.services import get_or_create_project
from registries import services as registries
from registries.access import require_change
from teams.access import require
from teams.models import Role, User
from wandb_api import binding
from wandb_api.caller import Info, person
from wandb_api.entities import writable_team
from wandb_api.ids import global_id
from wandb_api.places import Place, changeable_place, find_collection
from wandb_api.versions import changeable_collection_by_id, collection_by_id, entry_in, version_by_id

# What `link_model` links to. It is made when it is first used, as W&B does.
MODEL_REGISTRY = "model-registry"


@binding.mutation.field("linkArtifact")
def link(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Link a version, by its id or by how its client calls it. A repeat only adds aliases."""
    user = person(info)
    version = _version(user, input)
    require(user, version.team, Role.MEMBER)
    aliases = [alias["alias"] for alias in input.get("aliases") or ()]
    place, name = _target(user, input)
    entry = _linked(version, place, name, aliases, user).entry
    return {"versionIndex": entry.index, "artifactMembership": _whole(entry)}


@binding.mutation.field("unlinkArtifact")
def unlink(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    user = person(info)
    collection = changeable_collection_by_id(user, input["artifactPortfolioID"])
    services.unlink(entry_in(collection, version_by_id(user, input["artifactID"])), by=user)
    return {"success": True}


def _version(user: User, sent: dict[str, Any]) -> Version:
    if sent.get("artifactID"):
        return version_by_id(user, sent["artifactID"])
    upload = Upload.objects.filter(client_id=sent.get("clientID") or "", version__isnull=False).order_by("-pk").first()
    if not sent.get("clientID") or upload is None or upload.version_id is None:
        raise Http404("There is no committed artifact with this client id.")
    return version_by_id(user, global_id("Artifact", upload.version_id))


def _target(user: User, sent: dict[str, Any]) -> tuple[Place, str]:
    if sent.get("artifactPortfolioID"):
        found = collection_by_id(user, sent["artifactPortfolioID"])
        require_change(user, found)
        return found.owner, found.name
    entity, project, name = (sent.get(key) or "" for key in ("entityName", "projectName", "artifactPortfolioName"))
    if not name:
        refuse("artifactPortfolioName", "There is none. Say which collection to link to.")
    if project == MODEL_REGISTRY:
        return get_or_create_project(writable_team(user, entity), project), name
    return changeable_place(user, entity, project), name


def _linked(version: Version, place: Place, name: str, aliases: list[str], user: User) -> Placed:
    if isinstance(place, Registry):
        return registries.link(version, place, name, aliases=aliases, by=user)
    target = find_collection(place, name) or _made(place, name, version)
    return services.link(version, target, aliases=aliases, by=user)


def _made(place: Place, name: str, version: Version) -> Collection:
    return get_or_create_collection(place, name, version.collection.type, holds_links=True)[0]


def _whole(entry: Entry) -> Entry:
    """Read the entry anew, with the aliases it has now."""
    return Entry.objects.select_related("collection__project__team", "collection__registry", "version").get(pk=entry.pk)
