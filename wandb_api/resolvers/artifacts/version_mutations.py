"""GraphQL mutations of versions that are there: description and metadata, aliases and tags; and deleting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from artifacts import editing, services
from artifacts.models import Entry, Version
from artifacts.name_rules import LATEST
from artifacts.time_to_live import require_may_set, set_ttl
from common.data.validation_errors import refuse
from registries.access import may_change
from teams.models import User
from wandb_api.deletion_with_grace import delete_version
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.partial_objects import Partial
from wandb_api.graphql.scalars import read_json
from wandb_api.lookup.projects import changeable_collection
from wandb_api.lookup.versions import deleted_version, entry_in, may_delete, own_version, version_by_id
from wandb_api.resolvers.artifacts.versions import DELETED, INHERITED_TTL, NO_TTL

DONE = {"success": True}


@resolver_tables.mutation.field("updateArtifact")
def update(_: None, info: Info, input: dict[str, Any]) -> dict[str, Version]:
    user = person(info)
    version = own_version(user, input["artifactID"])
    if input.get("ttlDurationSeconds") is not None:
        require_may_set(user, version.team)
        set_ttl(version, ttl_seconds_of(input))
    metadata = read_json(input.get("metadata"), "metadata")
    editing.change_version(version, description=input.get("description"), metadata=metadata)
    add, remove = _words(input.get("tagsToAdd")), _words(input.get("tagsToDelete"))
    if add or remove:
        editing.change_tags(_changeable(user, version), add=add, remove=remove, by=user)
    if input.get("aliases") is not None:
        # Older SDKs say all of them at once, as they are to be where the version was made.
        entry = entry_in(version.collection, version)
        editing.set_aliases(entry, _own(entry, _aliases(input["aliases"])), by=user)
    return {"artifact": version_by_id(user, input["artifactID"])}


@resolver_tables.mutation.field("deleteArtifact")
def delete(_: None, info: Info, input: dict[str, Any]) -> dict[str, Partial]:
    """Delete it. A repeat is harmless."""
    user, id = person(info), input["artifactID"]
    gone = deleted_version(user, id)
    if gone is None or not may_delete(user, gone):
        delete_version(own_version(user, id), with_aliases=bool(input.get("deleteAliases")), by=user)
        gone = deleted_version(user, id)
    return {"artifact": Partial(gone, DELETED, "Artifact")}


@resolver_tables.mutation.field("addAliases")
def add_aliases(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """The same alias again is harmless."""
    user = person(info)
    for entry, aliases in _by_entry(user, input):
        services.add_aliases(entry, _own(entry, aliases), by=user)
    return DONE


@resolver_tables.mutation.field("deleteAliases")
def delete_aliases(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """What stays by itself is not refused: the SDK would then save nothing else of what was changed with it."""
    for entry, aliases in _by_entry(person(info), input):
        for alias in _own(entry, aliases):
            services.remove_alias(entry, alias)
    return DONE


def ttl_seconds_of(sent: dict[str, Any]) -> int | None:
    """Give the time to live that a client says; 0: for good; None: as the team has it, or not said."""
    seconds = sent.get("ttlDurationSeconds")
    return 0 if seconds == NO_TTL else None if seconds in (None, INHERITED_TTL) else seconds


def _by_entry(user: User, sent: dict[str, Any]) -> list[tuple[Entry, list[str]]]:
    """Give the aliases by the collection they are meant in."""
    version = version_by_id(user, sent["artifactID"])
    by_place: dict[tuple[str, str, str], list[str]] = {}
    for one in sent["aliases"]:
        place = one["entityName"], one["projectName"], one["artifactCollectionName"]
        by_place.setdefault(place, []).append(one["alias"])
    if not by_place:
        refuse("aliases", "There is none. Give at least one.")
    return [(entry_in(changeable_collection(user, *place), version), said) for place, said in by_place.items()]


def _own(entry: Entry, aliases: Iterable[str]) -> list[str]:
    """Leave out what stays where it is by itself: `latest`, and the version's number there."""
    return [alias for alias in aliases if alias not in (LATEST, f"v{entry.index}")]


def _changeable(user: User, version: Version) -> list[Entry]:
    """Give where the version is, as far as the person may change it there."""
    entries = version.entries.select_related("version", "collection__project__team", "collection__registry")
    return [entry for entry in entries if may_change(user, entry.collection)]


def _words(sent: Iterable[dict[str, Any]] | None) -> list[str]:
    return [tag["tagName"] for tag in sent or ()]


def _aliases(sent: Iterable[dict[str, Any]]) -> list[str]:
    return [alias["alias"] for alias in sent]
