"""Event types of artifact versions and collections, in projects and in registries."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from artifacts import event_publishing
from artifacts.access import hidden_scopes
from artifacts.event_subjects import event_context_of, subjects_of
from events.event_types import SUBJECT, EventContext, EventType, Variable, registry
from events.models import Event

_EVERYWHERE = ("project", "collection", "registry", "registry_collection", "team", "organization")
_COLLECTION = Variable("artifact_collection_name", "The collection", "model")
_OF_VERSIONS = (
    _COLLECTION,
    Variable("artifact_version", "The version as the wandb SDK takes it", "wandb-artifact://_id/QXJ0aWZhY3Q6MTI="),
    Variable(
        "artifact_version_string",
        "The version's path: with the alias where one was added, else with its number",
        "acme/mnist/model:v3",
    ),
    Variable("artifact_version_index", "The version's number in the collection", 3),
    Variable("artifact_metadata.KEY", "What the version's metadata holds under KEY; put the key's own name", 0.97),
)
_ALIAS = Variable("alias", "The alias that was added", "production")
_ADDED = Variable("tag", "The tag that was added", "europe")
_REMOVED = Variable("tag", "The tag that was removed", "europe")


class ArtifactEvent(EventType):
    """Shared by everything that happens to collections and to versions in them."""

    scopes: ClassVar[tuple[str, ...]] = _EVERYWHERE

    @classmethod
    def hidden_scopes(cls) -> frozenset[str]:
        return hidden_scopes()

    @classmethod
    def contexts(cls, events: list[Event]) -> dict[int, EventContext]:
        subjects = subjects_of(events)
        return {event.pk: event_context_of(event, subjects[event.pk]) for event in events if event.pk in subjects}


class CollectionEvent(ArtifactEvent):
    """Shared by everything that happens to collections."""

    about = "collection"
    subject = "a collection"

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        return {"artifact_collection_name": context.subject.facts["collection"], "tag": context.data["tag"]}


class VersionEvent(ArtifactEvent):
    """Shared by everything that happens to a version in a collection."""

    about = "artifact"
    subject = "a version"
    # What it adds to the variables of the version: `alias` or `tag`.
    adds: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        facts, data = context.subject.facts, context.data
        return {
            "artifact_collection_name": facts["collection"],
            "artifact_version": facts["reference"],
            "artifact_version_string": f"{facts['path']}:{data.get('alias') or facts['version']}",
            "artifact_version_index": facts["index"],
            **{f"artifact_metadata.{key}": value for key, value in facts["metadata"].items()},
            **{name: data[name] for name in cls.adds},
        }


@registry.register
class VersionCreated(VersionEvent):
    """A version is logged to a collection of a project; the same files again are no new version."""

    key = event_publishing.VERSION_CREATED
    label = _("A new version is added to an artifact")
    wire = "CREATE_ARTIFACT"
    kind = event_publishing.VERSION_CREATED
    clause = f"{SUBJECT} is added"
    # Into a registry versions are linked; nothing is made there.
    scopes = ("project", "collection", "team", "organization")
    variables = _OF_VERSIONS


@registry.register
class VersionLinked(VersionEvent):
    """A version is linked to a collection, such as one of a registry."""

    key = event_publishing.VERSION_LINKED
    label = _("A new version is linked to a collection")
    wire = "LINK_MODEL"
    payload_name = "LINK_ARTIFACT"
    kind = event_publishing.VERSION_LINKED
    clause = f"{SUBJECT} is linked"
    variables = _OF_VERSIONS


@registry.register
class VersionUnlinked(VersionEvent):
    """A version is taken out of a collection that it was linked to."""

    key = event_publishing.VERSION_UNLINKED
    label = _("A version is unlinked from a collection")
    wire = "UNLINK_ARTIFACT"
    kind = event_publishing.VERSION_UNLINKED
    clause = f"{SUBJECT} is unlinked"
    variables = _OF_VERSIONS


@registry.register
class AliasAdded(VersionEvent):
    """A version gets an alias, such as production. `latest` moves to each new version, and counts."""

    key = event_publishing.ALIAS_ADDED
    label = _("An artifact alias is added")
    wire = "ADD_ARTIFACT_ALIAS"
    kind = event_publishing.ALIAS_ADDED
    clause = f"{SUBJECT} gets an alias"
    variables = (*_OF_VERSIONS, _ALIAS)
    adds = ("alias",)


@registry.register
class TagAdded(VersionEvent):
    """A version gets a tag."""

    key = event_publishing.TAG_ADDED
    label = _("An artifact tag is added")
    wire = "ADD_ARTIFACT_TAG"
    kind = event_publishing.TAG_ADDED
    clause = f"{SUBJECT} gets a tag"
    variables = (*_OF_VERSIONS, _ADDED)
    adds = ("tag",)


@registry.register
class TagRemoved(VersionEvent):
    """A version loses a tag."""

    key = event_publishing.TAG_REMOVED
    label = _("An artifact tag is removed")
    wire = "REMOVE_ARTIFACT_TAG"
    kind = event_publishing.TAG_REMOVED
    clause = f"{SUBJECT} loses a tag"
    variables = (*_OF_VERSIONS, _REMOVED)
    adds = ("tag",)


@registry.register
class CollectionTagAdded(CollectionEvent):
    """A collection gets a tag."""

    key = event_publishing.COLLECTION_TAG_ADDED
    label = _("A collection tag is added")
    wire = "ADD_COLLECTION_TAG"
    kind = event_publishing.COLLECTION_TAG_ADDED
    clause = f"{SUBJECT} gets a tag"
    variables = (_COLLECTION, _ADDED)


@registry.register
class CollectionTagRemoved(CollectionEvent):
    """A collection loses a tag."""

    key = event_publishing.COLLECTION_TAG_REMOVED
    label = _("A collection tag is removed")
    wire = "REMOVE_COLLECTION_TAG"
    kind = event_publishing.COLLECTION_TAG_REMOVED
    clause = f"{SUBJECT} loses a tag"
    variables = (_COLLECTION, _REMOVED)
