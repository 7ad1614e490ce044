"""Artifact types of W&B: a word on collections, without a row of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from wandb_api.lookup.projects import SdkProject, collections_in, sdk_project_view


@dataclass(frozen=True)
class SdkArtifactType:
    """A type of versions in a project or registry."""

    place: SdkProject
    name: str
    created_at: datetime


def artifact_types_in(place: SdkProject) -> list[SdkArtifactType]:
    """Give the types that are used there, and those that a registry takes."""
    used = dict(collections_in(place).order_by().values_list("type").annotate(Min("created_at")))
    names = sorted({*used, *sdk_project_view(place).types})
    return [SdkArtifactType(place, name, used.get(name, sdk_project_view(place).created_at)) for name in names]


def find_type(place: SdkProject, name: str) -> SdkArtifactType | None:
    return next((one for one in artifact_types_in(place) if one.name == name), None)
