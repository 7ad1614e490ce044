"""Types of artifacts."""

from __future__ import annotations

from typing import Any, Unpack

from artifacts.models import Collection, Version
from wandb_api import binding
from wandb_api.artifact_types import TypeIn
from wandb_api.caller import Info
from wandb_api.collections import COLLECTIONS
from wandb_api.ids import global_id
from wandb_api.pages import Asked
from wandb_api.places import collections_in, entry_at, shown

artifact_type = binding.of("ArtifactType")
artifact_type.attributes(name="name", createdAt="created_at")
artifact_type.always(description=None)
binding.name_as(TypeIn, "ArtifactType")


@artifact_type.field("id")
def id_of(found: TypeIn, *_: object) -> str:
    return global_id("ArtifactType", f"{shown(found.place).number}:{found.name}")


@artifact_type.field("artifactSequence")
@artifact_type.field("artifactCollection")
def collection(found: TypeIn, info: Info, name: str) -> Collection | None:
    return collections_in(found.place).filter(name=name, type=found.name).first()


@artifact_type.field("artifact")
def artifact(found: TypeIn, info: Info, name: str) -> Version | None:
    entry = entry_at(found.place, name)
    return entry.version if entry is not None and entry.collection.type == found.name else None


@artifact_type.field("artifactCollections")
def collections(found: TypeIn, info: Info, **asked: Unpack[Asked]) -> dict[str, Any]:
    return COLLECTIONS.page(collections_in(found.place).filter(type=found.name), asked)
