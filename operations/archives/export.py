"""Export a project or a team into one archive: rows as JSON lines, history as Parquet or JSON lines, files, manifest.

Rows are read in batches. What comes in meanwhile may be missing, and what refers to it is left out by the import.
Secrets never stand in it: their names are listed, to be set where it is imported.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q, QuerySet
from django.utils import timezone

from automations.definitions import as_code
from automations.definitions.representation import as_sent
from automations.definitions.services import receiver_names
from automations.models import Automation, Execution
from common.data.validation_errors import refuse
from integrations.models import Integration
from operations.archives import history_parquet, tables
from operations.archives.table_rows import values_of
from operations.backup.archive import ArchiveWriter
from projects.compaction.chunk_parts import parts_of
from projects.file_storage.services import file_pieces
from projects.models import HistoryChunk, Project
from secrets_vault.models import Secret
from teams.models import Membership, Team, User

KIND, FORMAT = "export", 1
PARQUET, JSON_LINES = "parquet", "jsonl"
HISTORY_PARQUET, FILES = "history.parquet", "files/"
AUTOMATIONS, AUTOMATIONS_YAML, EXECUTIONS, LINKS = "automations", "automations.yaml", "executions", "links"
_AT_ONCE = 200
_PIECE = 2**20


@dataclass(frozen=True)
class ExportScope:
    """What is exported: a team with all its projects, or one project of it. `by` is who gets it; None: the operator."""

    team: Team
    project: Project | None = None
    by: User | None = None

    def __str__(self) -> str:
        return str(self.project or self.team)

    @property
    def projects(self) -> QuerySet[Project]:
        rows = Project.objects.filter(team=self.team)
        return rows.filter(pk=self.project.pk) if self.project is not None else rows

    @property
    def automations(self) -> QuerySet[Automation]:
        rows = Automation.objects.filter(team=self.team, deleted_at=None).order_by("pk")
        inside = Q(project__in=self.projects) | Q(collection__project__in=self.projects)
        return rows.filter(inside) if self.project is not None else rows


def table_member(name: str) -> str:
    return f"{name}.jsonl.gz"


def history_format(asked: str) -> str:
    """Give the format, or refuse it: Parquet where pyarrow is there, unless another is asked for."""
    if asked == PARQUET and not history_parquet.is_available():
        refuse("format", "Parquet needs pyarrow: install runbell[parquet], or choose jsonl.")
    return asked or (PARQUET if history_parquet.is_available() else JSON_LINES)


def write_export(scope: ExportScope, path: Path, *, format: str, alive: Callable[[], object] = bool) -> dict[str, Any]:
    """Write the archive, whole or not at all; give its manifest. `alive` is called again and again meanwhile."""
    with ArchiveWriter(path) as archive:
        export = _Export(scope, archive, alive)
        for table in tables.TABLES:
            export.add(table.name, map(values_of, _read(table.rows(scope.projects))))
        export.add_history(format)
        export.add_automations()
        export.add(LINKS, map(_link, _read(tables.links(scope.projects, scope.by))))
        export.add_files()
        manifest = {**_about(scope), "history": format, "counts": export.counts, "to_be_set": _to_be_set(scope)}
        archive.finish(manifest)
    return manifest


class _Export:
    """One archive on its way."""

    def __init__(self, scope: ExportScope, archive: ArchiveWriter, alive: Callable[[], object]) -> None:
        self._scope, self._archive, self._alive = scope, archive, alive
        self.counts: dict[str, int] = {}

    def add(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        self._archive.add_compressed(table_member(name), self._json_lines(name, rows))

    def add_history(self, format: str) -> None:
        if format == JSON_LINES:
            self.add(tables.HISTORY.name, map(_chunk, self._chunks()))
            return
        with tempfile.TemporaryDirectory(dir=self._archive.path.parent) as folder:
            beside = Path(folder) / HISTORY_PARQUET
            count = history_parquet.write_history(beside, map(_named_chunk, self._watched(self._chunks())))
            self._archive.add(HISTORY_PARQUET, beside.stat().st_size, _pieces(beside))
        self.counts[tables.HISTORY.name] = count

    def add_automations(self) -> None:
        """As the YAML that `automations apply` takes, and with what only this installation knows of them."""
        rows = list(self._scope.automations.select_related("project__team__organization", "team"))
        text = yaml.safe_dump(as_code.export(rows), sort_keys=False, allow_unicode=True)
        self._archive.add_text(AUTOMATIONS_YAML, text)
        names = receiver_names(rows)
        self.add(AUTOMATIONS, (_automation(row, names) for row in rows))
        executions = Execution.objects.filter(automation__in=self._scope.automations.order_by().values("pk"))
        self.add(
            EXECUTIONS,
            map(_execution, _read(executions.order_by("pk").select_related("template").prefetch_related("attempts"))),
        )

    def add_files(self) -> None:
        self.counts |= {"files": 0, "missing_files": 0}
        for stored in self._watched(_read(tables.stored_files(self._scope.projects))):
            if not stored.in_parts and not storages["files"].exists(stored.key):
                self.counts["missing_files"] += 1
                continue
            self._archive.add(FILES + stored.md5, stored.size, file_pieces(stored))
            self.counts["files"] += 1

    def _chunks(self) -> Iterator[HistoryChunk]:
        rows = tables.HISTORY.rows(self._scope.projects).select_related("run__project")
        for chunk in _read(rows.order_by("run", "stream", "position", "pk")):
            for place, part in enumerate(parts_of(chunk)):
                # As it came: the compacted form holds ids of this database. Which belong together is said.
                part.run = chunk.run
                part.part_count = chunk.part_count if place == 0 else None
                yield part

    def _json_lines(self, name: str, rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
        self.counts[name] = 0
        for row in self._watched(rows):
            self.counts[name] += 1
            yield json.dumps(row).encode() + b"\n"

    def _watched(self, rows: Iterable[Any]) -> Iterator[Any]:
        for number, row in enumerate(rows):
            if number % _AT_ONCE == 0:
                self._alive()
            yield row


def _read(rows: QuerySet[Any]) -> Iterator[Any]:
    return rows.iterator(chunk_size=_AT_ONCE)


def _about(scope: ExportScope) -> dict[str, Any]:
    members = (
        Membership.objects.filter(team=scope.team).order_by("user__username").values_list("user__username", "role")
    )
    return {
        "kind": KIND,
        "export_format": FORMAT,
        "runbell": settings.VERSION,
        "exported_at": timezone.now().isoformat(),
        "team": scope.team.name,
        "project": scope.project.name if scope.project is not None else None,
        "members": [{"name": name, "role": role} for name, role in members],
    }


def _to_be_set(scope: ExportScope) -> dict[str, Any]:
    """Give the names of what is secret, or holds secrets: it is set anew where the archive is imported."""
    used = [row.receiver_key.rpartition(":")[2] for row in scope.automations if row.receiver_key]
    rows = Integration.objects.filter(team=scope.team).order_by("kind", "name")
    rows = rows.filter(pk__in=used) if scope.project is not None else rows
    return {
        "secrets": list(Secret.objects.filter(team=scope.team).order_by("name").values_list("name", flat=True)),
        "integrations": [{"kind": kind, "name": name} for kind, name in rows.values_list("kind", "name")],
    }


def _automation(row: Automation, names: Any) -> dict[str, Any]:
    said = as_sent(row, names)
    maker = row.created_by.username if row.created_by is not None else None
    times = {name: said[name].isoformat() for name in ("created_at", "updated_at")}
    return {**said, **times, "created_by": maker, "receiver_key": row.receiver_key}


def _execution(row: Execution) -> dict[str, Any]:
    # What it shares with others is its own again.
    whole = {"kept_action": row.action, "kept_variables": row.variables, "template": None}
    attempts = [values_of(attempt) for attempt in row.attempts.all()]
    return {**values_of(row), **whole, "event": None, "attempts": attempts}


def _link(entry: Any) -> dict[str, Any]:
    return {
        "version": entry.version_id, "organization": entry.collection.registry.organization.name,
        "registry": entry.collection.registry.name, "collection": entry.collection.name,
        "type": entry.collection.type, "aliases": entry.alias_names, "tags": entry.tag_names,
        "created_at": entry.created_at.isoformat(),
    }  # fmt: skip


def _chunk(part: HistoryChunk) -> dict[str, Any]:
    """Give a chunk as it came; `compacted` says how many from here on are one in the database."""
    return {**values_of(part), "part_count": None, "compacted": part.part_count}


def _named_chunk(chunk: HistoryChunk) -> tuple[dict[str, Any], dict[str, str]]:
    return _chunk(chunk), {"project": chunk.run.project.name, "run": chunk.run.name}


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(_PIECE), b"")
