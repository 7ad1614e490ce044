"""The tables of an archive, in the order in which their rows are made again: what a row refers to comes before it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from artifacts.models import Alias, Collection, CollectionTag, Entry, Tag, Use, Version, VersionFile
from operations.archives.table_rows import Table
from projects.models import HistoryChunk, OutputChunk, Project, Run, RunFile, StoredFile

PROJECTS = Table("projects", Project, "", ("team", "name"))
RUNS = Table("runs", Run, "project", ("project", "name"))
HISTORY = Table("history", HistoryChunk, "run__project", ("run", "stream", "offset"))
COLLECTIONS = Table("collections", Collection, "project", ("project", "name"))
VERSIONS = Table("versions", Version, "collection__project", ("collection", "index"))
ENTRIES = Table("entries", Entry, "collection__project", ("collection", "index"), ("version", "version__collection"))

TABLES = (
    PROJECTS,
    RUNS,
    Table("output", OutputChunk, "run__project", ("run", "offset")),
    Table("run_files", RunFile, "run__project", ("run", "name")),
    COLLECTIONS,
    Table("collection_tags", CollectionTag, "collection__project", ("collection", "name")),
    VERSIONS,
    Table("version_files", VersionFile, "version__collection__project", ("version", "path")),
    ENTRIES,
    Table("aliases", Alias, "collection__project", ("collection", "name"), ("entry",)),
    Table("tags", Tag, "entry__collection__project", ("entry", "name"), ("entry__version",)),
    Table("uses", Use, "version__collection__project", ("run", "version"), ("run",)),
)


def stored_files(projects: QuerySet[Project]) -> QuerySet[StoredFile]:
    """Give the contents of the files of these projects, each once."""
    by_name = {table.name: table.rows(projects).order_by() for table in TABLES}
    held = Q(pk__in=by_name["run_files"].values("content")) | Q(pk__in=by_name["version_files"].values("content"))
    held |= Q(pk__in=by_name["versions"].values("manifest"))
    return StoredFile.objects.filter(held, arrived_at__isnull=False).order_by("pk")


def links(projects: QuerySet[Project]) -> QuerySet[Entry]:
    """Give where versions of these projects are linked into registries."""
    made = VERSIONS.rows(projects).order_by().values("pk")
    rows = Entry.objects.filter(version__in=made, collection__registry__deletion=None, collection__deletion=None)
    rows = rows.filter(collection__registry__isnull=False).select_related("collection__registry__organization")
    return rows.prefetch_related("aliases", "tags").order_by("pk")
