"""Queries of the version and collection lists, a constant number however many rows there are (no N+1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from artifacts import lineage
from artifacts.access import entries_of, with_owner
from artifacts.models import Collection, Entry, Version
from artifacts.name_rules import index_of
from common.data.file_names import safe_file_name
from projects.file_storage.signed_links import download_url
from projects.models import Project, Run
from registries.access import registries_of
from teams.models import User

MOST_FILES = 100
_MOST_TYPES, _LATEST, _MOST_LINKS = 100, 6, 50


def types_of(owner: Any) -> list[str]:
    """Give the types of the collections there."""
    rows = owner.collections.order_by("type").values_list("type", flat=True).distinct()
    return list(rows[:_MOST_TYPES])


def collection_rows(page: Iterable[Collection]) -> list[Any]:
    """Give the collections with how many versions are in each, and the newest of them."""
    inside = Entry.objects.filter(collection=OuterRef("pk")).order_by()
    count = inside.values("collection").annotate(n=Count("pk")).values("n")
    newest = Entry.objects.filter(collection=OuterRef("pk")).order_by("-index")
    wanted = Collection.objects.filter(pk__in=[one.pk for one in page])
    rows: QuerySet[Collection, Any] = with_owner(wanted).annotate(
        version_count=Coalesce(Subquery(count), 0),
        newest_index=Subquery(newest.values("index")[:1]),
        newest_at=Subquery(newest.values("created_at")[:1]),
    )
    by_key = {row.pk: row for row in rows}
    return [by_key[one.pk] for one in page if one.pk in by_key]


def entry_rows(collection: Collection, search: str) -> QuerySet[Entry]:
    """Give the versions of this number, or with these words in an alias or a tag."""
    rows = entries_of(collection)
    if not search:
        return rows
    named = Q(aliases__name__icontains=search) | Q(tags__name__icontains=search)
    index = index_of(search)
    keys = Entry.objects.filter(collection=collection).filter(named if index is None else named | Q(index=index))
    return rows.filter(pk__in=keys.values("pk"))


def recent_versions(project: Project) -> QuerySet[Entry]:
    """Give the last versions made in a project."""
    rows = Entry.objects.filter(collection__project=project).select_related("collection__project__team", "created_by")
    return rows.prefetch_related("aliases", "tags").order_by("-pk")[:_LATEST]


@dataclass(frozen=True)
class DownloadableFile:
    """A file of a version; `url` is where it is fetched, empty where its content is not kept."""

    path: str
    size: int
    reference: str
    url: str


def files_of(version: Version, *, by: User) -> list[DownloadableFile]:
    """Give the first files of a version by their paths."""
    rows = version.files.select_related("content").order_by("path")[:MOST_FILES]
    named = [(safe_file_name(row.path), row) for row in rows]
    return [
        DownloadableFile(
            name,
            row.size,
            row.reference,
            download_url(row.content, name.rpartition("/")[2], by=by) if row.content else "",
        )
        for name, row in named
    ]


def users_of(version: Version) -> list[Run]:
    """Give the runs that used the version last."""
    return list(lineage.runs_using(version).select_related("project__team").order_by("-pk")[:_MOST_LINKS])


def lineage_of_run(run: Run) -> dict[str, list[Version]]:
    """Give the versions that a run made and used."""
    found = {"made": lineage.output_versions(run), "used": lineage.input_versions(run)}
    return {name: list(rows.select_related("collection__project__team")[:_MOST_LINKS]) for name, rows in found.items()}


def links_of(user: User, entry: Entry) -> list[Entry]:
    """Give where else in registries the version of this entry stands, as far as this person may see."""
    linked = Entry.objects.filter(version=entry.version_id, collection__registry__in=registries_of(user))
    rows = linked.exclude(pk=entry.pk)
    rows = rows.select_related("collection__registry__organization", "created_by").prefetch_related("aliases", "tags")
    return list(rows.order_by("pk")[:_MOST_LINKS])
