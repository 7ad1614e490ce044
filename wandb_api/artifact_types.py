"""What W&B calls an artifact type: a word on collections. It has no row of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from wandb_api.places import Place, collections_in, shown


@dataclass(frozen=True)
class TypeIn:
    """A type of versions in a project or registry."""

    place: Place
    name: str
    created_at: datetime


def types_in(place: Place) -> list[TypeIn]:
    """Give the types that are used there, and those that a registry takes."""
    used = dict(collections_in(place).order_by().values_list("type").annotate(Min("created_at")))
    names = sorted({*used, *shown(place).types})
    return [TypeIn(place, name, used.get(name, shown(place).created_at)) for name in names]


def find_type(place: Place, name: str) -> TypeIn | None:
    return next((one for one in types_in(place) if one.name == name), None)
