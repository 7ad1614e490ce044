"""What follows when a membership ends, or its role is lowered: apps above teams say so here."""

from __future__ import annotations

from collections.abc import Callable

from teams.models import Team, User

Follower = Callable[[User, Team], None]
_followers: list[Follower] = []


def follow(one: Follower) -> Follower:
    """Ask this one too, in the transaction of the change, after it."""
    _followers.append(one)
    return one


def changed(user: User, team: Team) -> None:
    for one in _followers:
        one(user, team)
