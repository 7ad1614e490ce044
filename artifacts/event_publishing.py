"""Publish events of versions and collections to the ledger, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from artifacts.models import Alias, Collection, CollectionTag, Entry, Tag
from events import ledger
from teams.models import Team, User

VERSION_CREATED = "artifact.created"
VERSION_LINKED = "artifact.linked"
VERSION_UNLINKED = "artifact.unlinked"
ALIAS_ADDED = "artifact.alias_added"
TAG_ADDED = "artifact.tag_added"
TAG_REMOVED = "artifact.tag_removed"
COLLECTION_TAG_ADDED = "collection.tag_added"
COLLECTION_TAG_REMOVED = "collection.tag_removed"

# The kind of event, and what it tells beside its version or collection.
ArtifactChange = tuple[str, Mapping[str, str]]


def publish_for_entry(entry: Entry, changes: Iterable[ArtifactChange], by: User | None) -> None:
    """Publish what happened to a version in a collection, one event each, in this order.

    Each carries all aliases and tags as they are now: later changes must not alter what an automation judges.
    """
    aliases = sorted(Alias.objects.filter(entry=entry).values_list("name", flat=True))
    tags = sorted(Tag.objects.filter(entry=entry).values_list("name", flat=True))
    about = {
        "collection": entry.collection_id,
        "version": entry.version_id,
        "index": entry.index,
        "aliases": aliases,
        "tags": tags,
    }
    # Of a registry's events too: the ledger wants a team, a registry has none, and the version's is concerned.
    place = _event_scope(entry.collection, entry.version.team)
    for kind, more in changes:
        ledger.publish(kind, place, {**about, **more}, actor=_actor_of(by))


def publish_for_collection(collection: Collection, changes: Iterable[ArtifactChange], by: User | None) -> None:
    """Publish what happened to a collection, one event each, in this order."""
    tags = sorted(CollectionTag.objects.filter(collection=collection).values_list("name", flat=True))
    team = _team_of(collection)
    if team is None:
        return
    for kind, more in changes:
        about = {"collection": collection.pk, "tags": tags}
        ledger.publish(kind, _event_scope(collection, team), {**about, **more}, actor=_actor_of(by))


def _team_of(collection: Collection) -> Team | None:
    """Give the team for the ledger: a registry has none, so any of its organization, the same each time.

    None where the organization has no team: then nobody has an automation that could listen.
    """
    if collection.project is not None:
        return collection.project.team
    return Team.objects.filter(organization__registries=collection.registry_id).order_by("pk").first()


def _event_scope(collection: Collection, team: Team) -> ledger.EventScope:
    return ledger.EventScope(team=team, scopes=collection.scopes, stream=collection.stream_key)


def _actor_of(by: User | None) -> str:
    return by.username if by else ""
