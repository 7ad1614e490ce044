"""GraphQL mutations of collections: name and description, tags, type; and deleting."""

from __future__ import annotations

from typing import Any

from artifacts import editing, services
from artifacts.models import Collection
from automations.definitions import renaming
from wandb_api.deletion_with_grace import delete_collection
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.partial_objects import Partial
from wandb_api.lookup.projects import changeable_collection
from wandb_api.lookup.versions import changeable_collection_by_id, deleted_collection, may_delete
from wandb_api.resolvers.artifacts.collections import DELETED

DONE = {"success": True}


@resolver_tables.mutation.field("updateArtifactSequence")
def update_sequence(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    return _updated(info, input["artifactSequenceID"], input)


@resolver_tables.mutation.field("updateArtifactPortfolio")
def update_portfolio(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    return _updated(info, input["artifactPortfolioID"], input)


@resolver_tables.mutation.field("moveArtifactSequence")
def move(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    found = changeable_collection_by_id(person(info), input["artifactSequenceID"])
    return {"artifactCollection": editing.change_type(found, input["destinationArtifactTypeName"])}


@resolver_tables.mutation.field("deleteArtifactSequence")
def delete_sequence(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    return _deleted(info, input["artifactSequenceID"], "ArtifactSequence")


@resolver_tables.mutation.field("deleteArtifactPortfolio")
def delete_portfolio(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    return _deleted(info, input["artifactPortfolioID"], "ArtifactPortfolio")


@resolver_tables.mutation.field("createArtifactCollectionTagAssignments")
def add_tags(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    found = _named(info, input)
    services.add_collection_tags(found, [tag["tagName"] for tag in input["tags"]], by=person(info))
    return {"tags": [{"id": global_id("CollectionTag", tag.pk), "name": tag.name} for tag in found.tags.order_by("pk")]}


@resolver_tables.mutation.field("deleteArtifactCollectionTagAssignments")
def delete_tags(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    services.remove_collection_tags(_named(info, input), [tag["tagName"] for tag in input["tags"]], by=person(info))
    return DONE


def _named(info: Info, sent: dict[str, Any]) -> Collection:
    return changeable_collection(person(info), sent["entityName"], sent["projectName"], sent["artifactCollectionName"])


def _updated(info: Info, id: str, sent: dict[str, Any]) -> dict[str, Collection]:
    found = changeable_collection_by_id(person(info), id)
    changed = renaming.describe_collection(found, name=sent.get("name"), description=sent.get("description"))
    return {"artifactCollection": changed}


def _deleted(info: Info, id: str, kind: str) -> dict[str, Any]:
    """Delete it. A repeat is harmless."""
    user = person(info)
    gone = deleted_collection(user, id)
    if gone is None or not may_delete(user, gone):
        delete_collection(changeable_collection_by_id(user, id), by=user)
        gone = deleted_collection(user, id)
    return {"artifactCollection": Partial(gone, DELETED, kind)}
