"""GraphQL resolvers of collections: sequences, where versions are made, and portfolios, where they are linked."""

from __future__ import annotations

from typing import Any

from artifacts.access import entries_of, find_entry
from artifacts.models import Alias, Collection, DeletedArtifact, Entry
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.partial_objects import Partial, tells
from wandb_api.lookup.artifact_types import SdkArtifactType
from wandb_api.lookup.projects import SdkProject
from wandb_api.lookup.versions import NumberAlias, collection_by_id, deleted_collection
from wandb_api.search.collections import ENTRIES, with_related

sequence, portfolio = resolver_tables.table_of("ArtifactSequence"), resolver_tables.table_of("ArtifactPortfolio")
sequence.always(digestAlgorithm="MANIFEST_MD5")
resolver_tables.register_typename(
    Collection, lambda found: "ArtifactPortfolio" if found.holds_links else "ArtifactSequence"
)
# Of a collection that is gone.
DELETED = tells("{ id state name project }")
for table in (sequence, portfolio):
    table.attributes(name="name", createdAt="created_at")
    table.always(updatedAt=None)

alias = resolver_tables.table_of("ArtifactAlias")
alias.attributes(alias="name", artifactCollection="collection")


@resolver_tables.query.field("artifactCollection")
def find(_: None, info: Info, id: str) -> Collection | Partial:
    """What was deleted says so."""
    user = person(info)
    gone = deleted_collection(user, id)
    return collection_by_id(user, id) if gone is None else partly_told(gone)


def partly_told(gone: DeletedArtifact) -> Partial:
    """Tell of a collection that is gone what is kept of it."""
    return Partial(gone, DELETED, "ArtifactPortfolio" if gone.holds_links else "ArtifactSequence")


@sequence.field("id")
@portfolio.field("id")
def id_of(found: Collection | DeletedArtifact, *_: object) -> str:
    return global_id("ArtifactCollection", found.collection_id if isinstance(found, DeletedArtifact) else found.pk)


@sequence.field("state")
@portfolio.field("state")
def state(found: Collection | DeletedArtifact, *_: object) -> str:
    return "READY" if isinstance(found, Collection) else "DELETED"


@sequence.field("description")
@portfolio.field("description")
def description(found: Collection, *_: object) -> str | None:
    return found.description


@sequence.field("project")
@portfolio.field("project")
def project(found: Collection | DeletedArtifact, *_: object) -> SdkProject | None:
    if isinstance(found, DeletedArtifact):
        return found.project or found.registries.first()
    return found.owner


@sequence.field("defaultArtifactType")
@portfolio.field("defaultArtifactType")
def type_of(found: Collection, *_: object) -> SdkArtifactType:
    return SdkArtifactType(found.owner, found.type, found.created_at)


@sequence.field("tags")
@portfolio.field("tags")
def tags(found: Collection, *_: object) -> dict[str, Any]:
    rows = [{"id": global_id("CollectionTag", tag.pk), "name": tag.name} for tag in found.tags.all()]
    return {"edges": [{"node": row} for row in sorted(rows, key=lambda row: row["name"])]}


@sequence.field("aliases")
@portfolio.field("aliases")
def aliases(found: Collection, info: Info, after: str | None = None, first: int | None = None) -> connections.RelayPage:
    rows = Alias.objects.filter(collection=found).select_related("collection").order_by("pk")
    return connections.page(rows, first=first, after=after)


@sequence.field("artifacts")
@portfolio.field("artifacts")
def artifacts(
    found: Collection,
    info: Info,
    after: str | None = None,
    first: int | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> connections.RelayPage:
    rows = ENTRIES.ordered(ENTRIES.matching(with_related(entries_of(found)), filters), order)
    return connections.page(rows, first=first, after=after, edge=_edge)


@sequence.field("artifactMembership")
@portfolio.field("artifactMembership")
def membership(found: Collection, info: Info, aliasName: str | None = None) -> Entry | None:
    return find_entry(found, aliasName or "latest")


@sequence.field("latestArtifact")
def latest(found: Collection, *_: object) -> Any:
    entry = find_entry(found, "latest")
    return entry.version if entry is not None else None


@alias.field("id")
def id_of_alias(found: Alias | NumberAlias, *_: object) -> str:
    if isinstance(found, NumberAlias):
        return global_id("ArtifactNumberAlias", found.entry.pk)
    return global_id("ArtifactAlias", found.pk)


def _edge(entry: Entry) -> dict[str, Any]:
    return {"version": f"v{entry.index}", "node": entry.version}
