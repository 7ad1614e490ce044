"""The placeholder for a deleted user: the SDK makes a user of what it is given, and reads no run without one."""

from __future__ import annotations

from teams.models import User


def deleted_user(name: str) -> User:
    """Give a person of this name who is not stored, has no username, and belongs to nothing."""
    return User(username="", first_name=name, is_active=False)
