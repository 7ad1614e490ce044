"""What is changed of collections: their name and description, their tags, their type; and their end."""

from __future__ import annotations

from typing import Any

from artifacts import changes, services
from artifacts.models import Collection
from automations import renaming
from wandb_api import binding
from wandb_api.caller import Info, person
from wandb_api.ids import global_id
from wandb_api.places import changeable_collection
from wandb_api.versions import changeable_collection_by_id

DONE = {"success": True}


@binding.mutation.field("updateArtifactSequence")
def update_sequence(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    return _updated(info, input["artifactSequenceID"], input)


@binding.mutation.field("updateArtifactPortfolio")
def update_portfolio(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    return _updated(info, input["artifactPortfolioID"], input)


@binding.mutation.field("moveArtifactSequence")
def move(_: None, info: Info, input: dict[str, Any]) -> dict[str, Collection]:
    found = changeable_collection_by_id(person(info), input["artifactSequenceID"])
    return {"artifactCollection": changes.change_type(found, input["destinationArtifactTypeName"])}


@binding.mutation.field("deleteArtifactSequence")
def delete_sequence(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    return _deleted(info, input["artifactSequenceID"], "ArtifactSequence")


@binding.mutation.field("deleteArtifactPortfolio")
def delete_portfolio(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    return _deleted(info, input["artifactPortfolioID"], "ArtifactPortfolio")


@binding.mutation.field("createArtifactCollectionTagAssignments")
def add_tags(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    found = _named(info, input)
    services.add_collection_tags(found, [tag["tagName"] for tag in input["tags"]], by=person(info))
    return {"tags": [{"id": global_id("CollectionTag", tag.pk), "name": tag.name} for tag in found.tags.order_by("pk")]}


@binding.mutation.field("deleteArtifactCollectionTagAssignments")
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
    user = person(info)
    changes.delete_collection(changeable_collection_by_id(user, id), by=user)
    return {"artifactCollection": {"__typename": kind, "state": "DELETED"}}
