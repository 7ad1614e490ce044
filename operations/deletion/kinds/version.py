"""Deletion of a version, everywhere it is linked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from artifacts.access import collection_named, entries_of, entry_named
from artifacts.models import Alias, Collection, Entry, Version
from artifacts.name_rules import index_of
from operations.deletion import cascade, hidden_versions
from operations.deletion.contents import BYTES
from operations.deletion.deletable import DeletableKind, changed_by, registry
from teams.models import Deletion, Role, User


class DeletableVersions(DeletableKind):
    """Shared by what is hidden with versions in it."""

    @classmethod
    def versions(cls, row: Any) -> QuerySet[Version]:
        """Give the versions that go with it."""
        raise NotImplementedError

    @classmethod
    def entries(cls, row: Any) -> QuerySet[Entry]:
        """Give what goes with it where these versions are, and what is linked into it."""
        raise NotImplementedError

    @classmethod
    def hide(cls, row: Any, deletion: Deletion) -> None:
        places = set(cls.entries(row).values_list("collection", flat=True))
        hidden_versions.tell_gone(cls.versions(row), cls.entries(row), by=deletion.asked_by)
        super().hide(row, deletion)
        hidden_versions.settle_latest(places, by=deletion.asked_by)

    @classmethod
    def show(cls, deletion: Deletion, *, by: User | None) -> None:
        hidden = Version.all_rows.filter(deletion=deletion)
        hidden_versions.refuse_logged_anew(hidden)
        versions = list(hidden.values_list("pk", flat=True))
        entries = list(Entry.all_rows.filter(deletion=deletion).values_list("pk", flat=True))
        super().show(deletion, by=by)
        back = Entry.objects.filter(pk__in=entries)
        hidden_versions.tell_back(versions, back, by=by)
        hidden_versions.settle_latest(set(back.values_list("collection", flat=True)), by=by)


@registry.register
class DeletableVersion(DeletableVersions):
    """By a member of the team it was made in, who may undo it too. Named where it was made, not where it is linked."""

    key = "version"
    label = _("Version")
    model = Version
    shape = "TEAM/PROJECT/COLLECTION:VERSION"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Version:
        team, project, named = parts
        collection, version = _parted(named)
        return _made_in(collection_named(user, team, project, collection, Role.MEMBER), version)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Version]:
        team, project, named = parts
        collection, version = _parted(named)
        there = Collection.objects.filter(project__deletion=None, project__team__deletion=None, holds_links=False)
        found = there.filter(project__team__name=team, project__name=project, name=collection).first()
        index = index_of(version)
        rows = entries_of(found) if found is not None else Entry.objects.none()
        rows = rows.filter(aliases__name=version) if index is None else rows.filter(index=index)
        made = Version.objects.filter(pk__in=rows.order_by().values("version"))
        return made.select_related("collection__project__team__organization")

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        return Q(team__in=changed_by(user))

    @classmethod
    def owners(cls, row: Version) -> dict[str, Any]:
        return {"team": row.team}

    @classmethod
    def contents(cls, row: Version) -> dict[str, int]:
        links = Entry.objects.filter(version=row).exclude(collection=row.collection_id)
        return {"links": links.count(), "version_files": row.file_count, BYTES: row.size}

    @classmethod
    def versions(cls, row: Version) -> QuerySet[Version]:
        return Version.objects.filter(pk=row.pk)

    @classmethod
    def entries(cls, row: Version) -> QuerySet[Entry]:
        return Entry.objects.filter(version=row)

    @classmethod
    def hidden_with(cls, row: Version) -> list[QuerySet[Any]]:
        return [Alias.all_rows.filter(entry__version=row), Entry.all_rows.filter(version=row)]

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        if Version.all_rows.filter(pk=deletion.object_id).exists():
            yield from cascade.cascade(Version, deletion.object_id)


def _parted(named: str) -> tuple[str, str]:
    collection, _colon, version = named.rpartition(":")
    if not collection or not version:
        raise Http404(f"{named!r} names no version: write it as {DeletableVersion.shape}.")
    return collection, version


def _made_in(collection: Collection, version: str) -> Version:
    found = entry_named(collection, version)
    if found.version.collection_id != collection.pk:
        raise Http404(f"{found} is a link to {found.version}: unlink it, or name the version where it was made.")
    return found.version
