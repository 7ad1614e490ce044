"""What people say of a collection: its description. The audit log tells of it."""

from __future__ import annotations

from django.db import transaction

from artifacts.models import Collection
from artifacts.services import lock
from teams import audit
from teams.models import User

LONGEST_DESCRIPTION = 10_000


def describe_collection(collection: Collection, description: str, *, by: User | None) -> Collection:
    """Put the description in place of the one that is there."""
    with transaction.atomic():
        locked = lock(collection)
        before, after = {"description": locked.description}, {"description": description}
        locked.description = description
        locked.save(update_fields=["description"])
        team = locked.project.team if locked.project else None
        organization = locked.registry.organization if locked.registry else None
        audit.record(
            "collection.change", f"collection {locked}", team=team, organization=organization, by=by, before=before,
            after=after,
        )  # fmt: skip
        return locked
