"""What `wandb.Api()` filters and orders registries, collections and versions by."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from artifacts.models import Collection, Entry, Registry
from automations.filters import Field
from wandb_api.places import shown
from wandb_api.search import CREATED_AT, NAME, Search

_TIMES = {"created_at": CREATED_AT, "createdAt": CREATED_AT, "updated_at": CREATED_AT}


def _facts_of_registry(registry: Registry) -> Mapping[str, object]:
    said = shown(registry)
    return {
        "id": said.number,
        "name": said.name,
        "description": said.description,
        "created_at": said.created_at,
        "entity": registry.organization_id,
    }


def _facts_of_collection(collection: Collection) -> Mapping[str, object]:
    return {
        "id": collection.pk,
        "name": collection.name,
        "type": collection.type,
        "tag": collection.tag_names,
        "description": collection.description,
        "created_at": collection.created_at,
    }


def _facts_of_entry(entry: Entry) -> Mapping[str, object]:
    return {
        "id": entry.version_id,
        "version": [f"v{entry.index}", entry.index],
        "state": "COMMITTED",
        "digest": entry.version.digest,
        "alias": entry.alias_names,
        "tag": entry.tag_names,
        "metadata": entry.version.metadata,
        "size": entry.version.size,
        "created_at": entry.version.created_at,
        "linked_at": entry.created_at,
    }


REGISTRIES: Search[Registry] = Search(
    fields={
        "id": Field("id"), "project_id": Field("id"), "name": NAME, "entity_id": Field("entity"),
        "description": Field("description"), **_TIMES,
    },
    facts=_facts_of_registry,
    columns={"name": "name", "created_at": "created_at", "createdAt": "created_at", "updated_at": "created_at"},
    usual="+created_at",
)  # fmt: skip

COLLECTIONS: Search[Collection] = Search(
    fields={
        "id": Field("id"), "artifact_collection_id": Field("id"), "collection_id": Field("id"),
        "name": NAME, "type": Field("type"), "tag": Field("tag"), "tags": Field("tag"),
        "description": Field("description"), **_TIMES,
    },
    facts=_facts_of_collection,
    columns={"name": "name", "created_at": "created_at", "createdAt": "created_at", "updated_at": "created_at"},
    usual="+created_at",
)  # fmt: skip

ENTRIES: Search[Entry] = Search(
    fields={
        "id": Field("id"), "artifact_id": Field("id"), "version": Field("version"), "version_index": Field("version"),
        "state": Field("state"), "digest": Field("digest"),
        "alias": Field("alias"), "aliases": Field("alias"), "tag": Field("tag"), "tags": Field("tag"),
        "metadata": Field("metadata", has_keys=True), "artifact_metadata": Field("metadata", has_keys=True),
        "artifact_size": Field("size"), "size": Field("size"),
        "artifact_created_at": CREATED_AT, **_TIMES,
        "acm_created_at": Field("linked_at", is_time=True), "linked_at": Field("linked_at", is_time=True),
    },
    facts=_facts_of_entry,
    columns={
        "version": "index", "versionIndex": "index", "version_index": "index",
        "created_at": "version__created_at", "createdAt": "version__created_at", "updated_at": "version__created_at",
        "artifact_created_at": "version__created_at",
        "artifact_size": "version__size", "linked_at": "created_at", "acm_created_at": "created_at",
    },
    usual="-version",
)  # fmt: skip


def with_all(rows: QuerySet[Entry]) -> QuerySet[Entry]:
    """Read what an answer shows of each version in a constant number of queries."""
    return rows.select_related(
        "collection__project__team__organization", "collection__registry__organization",
        "version__collection__project__team__organization", "version__run", "version__created_by",
    ).prefetch_related(
        "aliases", "tags",
        "version__entries__aliases", "version__entries__tags",
        "version__entries__collection__project__team__organization",
        "version__entries__collection__registry__organization",
    )  # fmt: skip
