"""Deletion of a registry: its collections and who is in it. What is linked there stays where it was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from artifacts.models import Collection, Entry, Registry
from events.models import Event
from operations.deletion import cascade
from operations.deletion.deletable import DeletableKind, automations_in, registry
from registries.access import organizations_of, registry_named
from registries.models import RegistryMember, RegistryRole
from teams.access import teams_of
from teams.models import Deletion, User


@registry.register
class DeletableRegistry(DeletableKind):
    """By an admin of it; it is undone by one of its own, or by an admin of its organization."""

    key = "registry"
    label = _("Registry")
    model = Registry
    shape = "ORGANIZATION/REGISTRY"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Registry:
        organization, name = parts
        return registry_named(user, organization, name, RegistryRole.ADMIN)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Registry]:
        organization, name = parts
        rows = Registry.objects.filter(organization__deletion=None).select_related("organization")
        return rows.filter(organization__name=organization, name=name)

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        if user.shown_key is not None and (user.shown_key.team_id is not None or user.shown_key.closed_to):
            return Q(pk__in=())
        mine = RegistryMember.objects.filter(Q(user=user) | Q(team__in=teams_of(user)), role=RegistryRole.ADMIN)
        # Their role stays with who has left the organization, and counts for nothing there.
        inside = organizations_of(user).order_by().values("pk")
        return Q(organization__admins=user) | Q(object_id__in=mine.values("registry"), organization__in=inside)

    @classmethod
    def owners(cls, row: Registry) -> dict[str, Any]:
        return {"organization": row.organization}

    @classmethod
    def contents(cls, row: Registry) -> dict[str, int]:
        return {
            "collections": Collection.objects.filter(registry=row).count(),
            "linked_versions": Entry.objects.filter(collection__registry=row).count(),
            "automations": automations_in(_listening(row.pk)).filter(deleted_at=None).count(),
            "members": RegistryMember.objects.filter(registry=row).count(),
        }

    @classmethod
    def hidden_with(cls, row: Registry) -> list[QuerySet[Any]]:
        return [automations_in(_listening(row.pk))]

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        found = Registry.all_rows.filter(pk=deletion.object_id).first()
        if found is None:
            return
        happened = Event.objects.filter(team__organization=found.organization_id)
        yield from cascade.events(deletion, happened, f"registry:{found.pk}")
        yield from batches_of_registry(found)


def batches_of_registry(found: Registry) -> Iterator[cascade.Batch]:
    """Give the registry and what is in it, but for what happened there."""
    yield from cascade.automations(automations_in(_listening(found.pk)))
    yield from cascade.cascade(Registry, found.pk)


def _listening(registry: int) -> Q:
    return Q(registry=registry) | Q(collection__registry=registry)
