"""Filter fields and orders of registries, collections and versions, for `wandb.Api()`."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from artifacts.models import Collection, Entry, Registry
from automations.filters.fields import FilterField
from wandb_api.lookup.projects import sdk_project_view
from wandb_api.search.list_search import CREATED_AT, NAME, ListSearch

_TIMES = {"created_at": CREATED_AT, "createdAt": CREATED_AT, "updated_at": CREATED_AT}


def _facts_of_registry(registry: Registry) -> Mapping[str, object]:
    said = sdk_project_view(registry)
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


REGISTRIES: ListSearch[Registry] = ListSearch(
    fields={
        "id": FilterField("id"), "project_id": FilterField("id"), "name": NAME, "entity_id": FilterField("entity"),
        "description": FilterField("description"), **_TIMES,
    },
    facts=_facts_of_registry,
    columns={"name": "name", "created_at": "created_at", "createdAt": "created_at", "updated_at": "created_at"},
    usual="+created_at",
)  # fmt: skip

COLLECTIONS: ListSearch[Collection] = ListSearch(
    fields={
        "id": FilterField("id"), "artifact_collection_id": FilterField("id"), "collection_id": FilterField("id"),
        "name": NAME, "type": FilterField("type"), "tag": FilterField("tag"), "tags": FilterField("tag"),
        "description": FilterField("description"), **_TIMES,
    },
    facts=_facts_of_collection,
    columns={"name": "name", "created_at": "created_at", "createdAt": "created_at", "updated_at": "created_at"},
    usual="+created_at",
)  # fmt: skip

ENTRIES: ListSearch[Entry] = ListSearch(
    fields={
        "id": FilterField("id"), "artifact_id": FilterField("id"),
        "version": FilterField("version"), "version_index": FilterField("version"),
        "state": FilterField("state"), "digest": FilterField("digest"),
        "alias": FilterField("alias"), "aliases": FilterField("alias"),
        "tag": FilterField("tag"), "tags": FilterField("tag"),
        "metadata": FilterField("metadata", has_keys=True), "artifact_metadata": FilterField("metadata", has_keys=True),
        "artifact_size": FilterField("size"), "size": FilterField("size"),
        "artifact_created_at": CREATED_AT, **_TIMES,
        "acm_created_at": FilterField("linked_at", is_time=True), "linked_at": FilterField("linked_at", is_time=True),
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


def with_related(rows: QuerySet[Entry]) -> QuerySet[Entry]:
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
