"""What follows when a place is renamed, such as what listens there: apps above teams say so here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PlaceFollower = Callable[[Any], None]
_followers: list[PlaceFollower] = []


def follow(one: PlaceFollower) -> PlaceFollower:
    """Ask this one too, in the transaction of the renaming, after it."""
    _followers.append(one)
    return one


def renamed(place: Any) -> None:
    for one in _followers:
        one(place)
