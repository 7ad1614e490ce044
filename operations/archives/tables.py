"""The tables of an archive, in the order in which their rows are made again: what a row refers to comes before it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from artifacts.models import Alias, Collection, CollectionTag, Entry, Tag, Use, Version, VersionFile
from operations.archives.table_rows import ExportedTable
from projects.models import HistoryChunk, OutputChunk, Project, RewoundRows, Run, RunFile, StoredFile
from registries.access import registries_of
from teams.models import User

PROJECTS = ExportedTable("projects", Project, "", ("team", "name"))
RUNS = ExportedTable("runs", Run, "project", ("project", "name"))
HISTORY = ExportedTable("history", HistoryChunk, "run__project", ("run", "stream", "offset"))
REWOUND = ExportedTable("rewound", RewoundRows, "run__project", ("run",))
COLLECTIONS = ExportedTable("collections", Collection, "project", ("project", "name"))
VERSIONS = ExportedTable("versions", Version, "collection__project", ("collection", "index"))
ENTRIES = ExportedTable(
    "entries", Entry, "collection__project", ("collection", "index"), ("version", "version__collection")
)

TABLES = (
    PROJECTS,
    RUNS,
    REWOUND,
    ExportedTable("output", OutputChunk, "run__project", ("run", "offset")),
    ExportedTable("run_files", RunFile, "run__project", ("run", "name")),
    COLLECTIONS,
    ExportedTable("collection_tags", CollectionTag, "collection__project", ("collection", "name")),
    VERSIONS,
    ExportedTable("version_files", VersionFile, "version__collection__project", ("version", "path")),
    ENTRIES,
    ExportedTable("aliases", Alias, "collection__project", ("collection", "name"), ("entry",)),
    ExportedTable("tags", Tag, "entry__collection__project", ("entry", "name"), ("entry__version",)),
    ExportedTable("uses", Use, "version__collection__project", ("run", "version"), ("run",), "run__project"),
)


def stored_files(projects: QuerySet[Project]) -> QuerySet[StoredFile]:
    """Give the contents of the files of these projects, each once."""
    by_name = {table.name: table.rows(projects).order_by() for table in TABLES}
    held = Q(pk__in=by_name["run_files"].values("content")) | Q(pk__in=by_name["version_files"].values("content"))
    held |= Q(pk__in=by_name["versions"].values("manifest"))
    return StoredFile.objects.filter(held, arrived_at__isnull=False).order_by("pk")


def links(projects: QuerySet[Project], by: User | None) -> QuerySet[Entry]:
    """Give where versions of these projects are linked into registries, as far as this person sees these. None: all."""
    made = VERSIONS.rows(projects).order_by().values("pk")
    rows = Entry.objects.filter(version__in=made, collection__registry__deletion=None, collection__deletion=None)
    if by is not None:
        rows = rows.filter(collection__registry__in=registries_of(by).order_by().values("pk"))
    rows = rows.filter(collection__registry__isnull=False).select_related("collection__registry__organization")
    return rows.prefetch_related("aliases", "tags").order_by("pk")
