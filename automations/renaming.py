"""A place gets another name: the automations that listen there say the new one from then on."""

from __future__ import annotations

from django.db import transaction

from artifacts.changes import change_collection
from artifacts.models import Collection, Registry
from automations.models import Automation
from registries.services import change_registry


def describe_collection(
    collection: Collection, *, name: str | None = None, description: str | None = None
) -> Collection:
    """Rename or describe the collection; None leaves what is there."""
    with transaction.atomic():
        changed = change_collection(collection, name=name, description=description)
        _say(changed)
        return changed


def rename_registry(registry: Registry, name: str) -> Registry:
    with transaction.atomic():
        changed = change_registry(registry, name=name)
        Automation.objects.filter(registry=changed).update(scope_name=str(changed))
        for collection in Collection.objects.filter(registry=changed, automations__isnull=False).distinct():
            _say(collection)
        return changed


def _say(collection: Collection) -> None:
    """Also of those that were deleted: their history is still read."""
    name = f"{collection.registry or collection.project}/{collection.name}"
    Automation.objects.filter(collection=collection).update(scope_name=name)
