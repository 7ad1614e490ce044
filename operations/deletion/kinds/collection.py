"""Deletion of a collection. Versions made in it go with it, everywhere; those linked into it stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from artifacts.access import collection_named as collection_of_project
from artifacts.access import with_owner
from artifacts.editing import remember_collection
from artifacts.models import Alias, Collection, DeletedArtifact, Entry, Version
from operations.deletion import cascade
from operations.deletion.contents import count_inside
from operations.deletion.deletable import automations_in, changed_by, registry
from operations.deletion.freed_names import free_name, take_name_back
from operations.deletion.kinds.version import DeletableVersions
from projects.models import Run
from registries.access import collection_named as collection_of_registry
from registries.access import registries_changeable_by
from registries.models import RegistryRole
from teams.models import Deletion, Role, User

_OF_REGISTRY = "wandb-registry-"


@registry.register
class DeletableCollection(DeletableVersions):
    """By a member of its team or its registry, who may undo it too. A registry is named as `wandb-registry-NAME`."""

    key = "collection"
    label = _("Collection")
    model = Collection
    shape = "TEAM/PROJECT/COLLECTION"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Collection:
        owner, place, name = parts
        if place.startswith(_OF_REGISTRY):
            own = place.removeprefix(_OF_REGISTRY)
            return collection_of_registry(user, owner, own, name, RegistryRole.MEMBER)
        return collection_of_project(user, owner, place, name, Role.MEMBER)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Collection]:
        owner, place, name = parts
        of_project = Q(project__team__name=owner, project__name=place, project__deletion=None)
        of_project &= Q(project__team__deletion=None)
        own = place.removeprefix(_OF_REGISTRY)
        of_registry = Q(registry__organization__name=owner, registry__name=own, registry__deletion=None)
        where = of_registry if place.startswith(_OF_REGISTRY) else of_project
        return with_owner(Collection.objects.filter(where, name=name))

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        in_registries = Collection.all_rows.filter(registry__in=registries_changeable_by(user).order_by().values("pk"))
        return Q(team__in=changed_by(user)) | Q(object_id__in=in_registries.values("pk"))

    @classmethod
    def owners(cls, row: Collection) -> dict[str, Any]:
        if row.project is not None:
            return {"team": row.project.team}
        return {"organization": row.registry.organization if row.registry is not None else None}

    @classmethod
    def contents(cls, row: Collection) -> dict[str, int]:
        counted = count_inside(Run.objects.none(), Collection.objects.filter(pk=row.pk), cls._listening(row))
        linked = Entry.objects.filter(collection=row, collection__holds_links=True)
        return {**counted, "collections": 0, "linked_versions": linked.count()}

    @classmethod
    def versions(cls, row: Collection) -> QuerySet[Version]:
        return Version.objects.filter(collection=row)

    @classmethod
    def entries(cls, row: Collection) -> QuerySet[Entry]:
        return Entry.objects.filter(Q(collection=row) | Q(version__collection=row))

    @classmethod
    def hidden_with(cls, row: Collection) -> list[QuerySet[Any]]:
        return [
            cls._listening(row),
            Alias.all_rows.filter(Q(collection=row) | Q(entry__version__collection=row)),
            Entry.all_rows.filter(Q(collection=row) | Q(version__collection=row)),
            Version.all_rows.filter(collection=row),
        ]

    @classmethod
    def hide(cls, row: Collection, deletion: Deletion) -> None:
        super().hide(row, deletion)
        remember_collection(row)

    @classmethod
    def free_name(cls, row: Collection, deletion: Deletion) -> None:
        free_name(row, deletion)

    @classmethod
    def show(cls, deletion: Deletion, *, by: User | None) -> None:
        take_name_back(Collection.all_rows.get(pk=deletion.object_id), deletion)
        DeletedArtifact.objects.filter(collection_id=deletion.object_id, version_id=None).delete()
        super().show(deletion, by=by)

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        found = Collection.all_rows.filter(pk=deletion.object_id).first()
        if found is not None:
            yield from cascade.automations(cls._listening(found))
            yield from cascade.cascade(Collection, found.pk)

    @classmethod
    def _listening(cls, row: Collection) -> QuerySet[Any]:
        return automations_in(Q(collection=row))
