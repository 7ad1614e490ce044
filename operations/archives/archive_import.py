"""Import an archive into a team: ids are mapped, what is there stays, nothing fires, and twice is as good as once.

All of it is read and compared with its checksums before the first row is written. Killed on its way, the same import
goes on: each batch of rows is one transaction, and rows are known by what identifies them (`tables`).
"""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import msgspec
from django.db import transaction
from django.db.models import F, Max, Model

from artifacts.models import Collection, Entry, Version
from common.data import strict_json
from common.data.batches import batched
from common.data.fields import json_text
from common.data.value_count import check_text
from common.hidden_rows import CanBeHidden
from operations.archives import history_parquet, tables
from operations.archives.export import FILES, FORMAT, HISTORY_PARQUET, KIND, table_member
from operations.archives.imported_history import CompactedGroups, count_runs, parts_there
from operations.archives.row_checks import checked
from operations.archives.table_rows import ExportedTable, fields_of, key_fields
from operations.backup.archive import ArchiveReader, BrokenArchive
from projects.file_storage.services import claim_files, store_file
from projects.models import HistoryChunk, Project, Run, RunState, StoredFile, Stream
from projects.quota import forget_count, require_room
from teams.audit import audit_log
from teams.models import Team, User

_AT_ONCE = 200
_LONGEST_LINE = 64 * 2**20
_ALIVE_EACH = 1000
_MAPPED: tuple[type[Model], ...] = (Project, Run, Collection, Version, Entry)
_MOST_PROBLEMS = 200


class RefusedArchive(Exception):
    """The archive cannot be imported here, or not to its end: what was written until then stays, as after a kill."""


class _Integration(TypedDict):
    kind: str
    name: str


class _ToBeSet(TypedDict):
    secrets: list[str]
    integrations: list[_Integration]


class _Manifest(TypedDict):
    """What an import reads of it."""

    export_format: int
    runbell: str
    team: str
    project: str | None
    to_be_set: _ToBeSet


@dataclass
class ArchiveReport:
    """What came of an import: rows by table, new and there already, and what a person has to see to."""

    created: dict[str, int] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    to_be_set: dict[str, Any] = field(default_factory=dict)

    def note(self, problem: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def count(self, table: str, *, created: int, there: int) -> None:
        for counts, number in ((self.created, created), (self.there, there)):
            counts[table] = counts.get(table, 0) + number


@contextmanager
def opened_archive(path: Path) -> Iterator[ArchiveReader]:
    """Give the archive, which is whole and not from a later Runbell. Raises RefusedArchive."""
    try:
        with ArchiveReader(path, "archive") as archive:
            if archive.manifest.get("kind") != KIND:
                raise RefusedArchive("This is no exported project or team. A backup is brought back by `restore`.")
            about = msgspec.convert(archive.manifest, _Manifest)
            if about["export_format"] > FORMAT:
                raise RefusedArchive(f"It was made by a later Runbell, {about['runbell']}. Import it there.")
            archive.manifest = dict(about)
            archive.verify()
            yield archive
    except msgspec.ValidationError as error:
        raise RefusedArchive(f"Its manifest is none: {error}") from None
    except (BrokenArchive, OSError) as error:
        raise RefusedArchive(str(error)) from None


class ImportedRows:
    """The rows of one archive on their way into a team."""

    def __init__(
        self,
        archive: ArchiveReader,
        team: Team,
        *,
        by: User | None,
        alive: Callable[[], object] = bool,
        most_unpacked: int | None = None,
    ) -> None:
        self.archive, self.team, self.by, self._alive = archive, team, by, alive
        self._most_unpacked = most_unpacked
        self.report = ArchiveReport(to_be_set=archive.manifest["to_be_set"])
        # The keys here by those in the archive.
        self.ids: dict[type[Model], dict[int, int]] = {model: {} for model in _MAPPED}
        people = User.objects.filter(memberships__team=team)
        self.people = dict(people.values_list("username", "pk"))
        self._contents: dict[str, int] = {}

    def write(self) -> None:
        """Write all rows of projects with their files. Raises RefusedArchive before the first, where it cannot be."""
        self._refuse_others()
        self._store_files()
        for table in tables.TABLES:
            # Archives from before rewinds were taken along have none.
            if table is not tables.REWOUND or table_member(table.name) in self.archive.names:
                self._write(table, self.archived_rows(table.name))
            if table is tables.RUNS:
                self._write_history()
        forget_count(self.team)
        target = f"{self.archive.manifest['project'] or self.archive.manifest['team']} into {self.team}"
        with transaction.atomic():
            audit_log.record("archive.import", target, team=self.team, by=self.by, after=self.report.created)

    def archived_rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Give the rows of a table as they stand in the archive. Raises RefusedArchive where they have no end."""
        unpacked = 0
        with self.archive.stream(table_member(name)) as packed, gzip.GzipFile(fileobj=packed) as stream:
            text = io.BufferedReader(stream)
            for number, line in enumerate(iter(lambda: text.readline(_LONGEST_LINE), b"")):
                if number % _ALIVE_EACH == 0:
                    self._alive()
                unpacked += len(line)
                if self._most_unpacked is not None and unpacked > self._most_unpacked:
                    most = f"{self._most_unpacked} bytes (RUNBELL_FILE_LIMIT_MB)"
                    raise RefusedArchive(f"Its {name} are more than {most} when they are unpacked.")
                yield _row_said(line)

    def batches(self, rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
        for some in batched(rows, _AT_ONCE):
            self._alive()
            yield list(some)

    def _write_history(self) -> None:
        groups = CompactedGroups()
        self._write(tables.HISTORY, groups.noted(self._chunks()))
        groups.merge(self.ids[Run], self._alive)
        self._note_last_chunks()
        count_runs(self.ids[Run].values(), self._alive)

    def _chunks(self) -> Iterator[dict[str, Any]]:
        if HISTORY_PARQUET not in self.archive.names:
            return self.archived_rows(tables.HISTORY.name)
        if not history_parquet.is_available():
            raise RefusedArchive("Its history is Parquet, which needs pyarrow: install runbell[parquet].")
        return history_parquet.read_history(self.archive.stream(HISTORY_PARQUET))

    def _refuse_others(self) -> None:
        """Refuse where a run, collection or version of the same name is another one, or waits for its deletion."""
        if HISTORY_PARQUET in self.archive.names:
            self._chunks()
        names: dict[str, dict[int, str]] = {"": {}}
        for table, owner in ((tables.PROJECTS, ""), (tables.RUNS, "project"), (tables.COLLECTIONS, "project")):
            names[table.name] = {}
            for said in self.archived_rows(table.name):
                place = f"{names['projects'].get(said[owner])}/" if owner else ""
                if table is not tables.RUNS:
                    names[table.name][said["id"]] = f"{place}{said['name']}"
                _refuse_other(table.model, self._named(table, place, said), said, f"{place}{said['name']}")
        for said in self.archived_rows(tables.VERSIONS.name):
            project, _, collection = names["collections"].get(said["collection"], "").partition("/")
            rows = Version.all_rows.filter(collection__project__team=self.team, collection__project__name=project)
            rows = rows.filter(collection__name=collection, index=said["index"])
            _refuse_other(Version, rows, said, f"{project}/{collection}:v{said['index']}")

    def _named(self, table: ExportedTable, place: str, said: dict[str, Any]) -> Any:
        model: Any = table.model
        if not place:
            return model.all_rows.filter(team=self.team, name=said["name"])
        return model.all_rows.filter(project__team=self.team, project__name=place[:-1], name=said["name"])

    def _store_files(self) -> None:
        for name in self.archive.names:
            md5 = name.removeprefix(FILES)
            if not name.startswith(FILES):
                continue
            self._alive()
            there = claim_files(self.team, [md5]).get(md5)
            if there is None:
                with self.archive.stream(name) as source:
                    size = source.seek(0, io.SEEK_END)
                    source.seek(0)
                    there = store_file(self.team, source, length=size, md5=md5)
                self.report.count("files", created=1, there=0)
            else:
                self.report.count("files", created=0, there=1)
            self._contents[md5] = there.pk

    def _write(self, table: ExportedTable, rows: Iterable[dict[str, Any]]) -> None:
        self.report.count(table.name, created=0, there=0)
        for some in self.batches(rows):
            require_room(self.team)
            with transaction.atomic():
                self._write_batch(table, some)

    def _write_batch(self, table: ExportedTable, some: list[dict[str, Any]]) -> None:
        model: Any = table.model
        made = [(said, checked(row)) for said in some if (row := self._row(table, said)) is not None]
        attributes = [model._meta.get_field(name).attname for name in table.identity]
        there = self._there(model, table.identity, attributes, [row for _said, row in made])
        if table is tables.HISTORY and made:
            there |= parts_there([row for _said, row in made])
        new = [row for _said, row in made if _identity(row, attributes) not in there]
        for row in model._base_manager.bulk_create(new):
            there[_identity(row, attributes)] = row.pk
        if table is tables.HISTORY:
            _count_bytes(new)
        self.report.count(table.name, created=len(new), there=len(made) - len(new))
        if len(made) < len(some):
            self.report.note(f"{len(some) - len(made)} rows of {table.name} refer to what is not in the archive.")
        if model in self.ids:
            self.ids[model] |= {said["id"]: there[_identity(row, attributes)] for said, row in made}

    def _there(
        self, model: Any, identity: tuple[str, ...], attributes: list[str], rows: list[Any]
    ) -> dict[tuple[Any, ...], int]:
        wanted = {
            f"{name}__in": {getattr(row, attribute) for row in rows}
            for name, attribute in zip(identity, attributes, strict=True)
        }
        found = model._base_manager.filter(**wanted).values_list(*attributes, "pk")
        return {tuple(values): pk for *values, pk in found}

    def _row(self, table: ExportedTable, said: dict[str, Any]) -> Any:
        """Give the row to make; None where what it belongs to is not here."""
        keys = {}
        for name, related in key_fields(table.model).items():
            keys[name] = self._key(related, said.get(name))
            lost = keys[name] is None and said.get(name) is not None
            if lost and (not table.model._meta.get_field(name).null or name in table.parents):
                return None
        row: Any = table.model(**fields_of(table.model, said, keys))
        if any(said.get(name) == "" for name in table.identity):
            raise ValueError(f"a row of {table.name} without a name")
        if isinstance(row, Project):
            row.team = self.team
        elif isinstance(row, Run):
            row.last_chunk = None
            # Nobody sends its heartbeats here.
            row.state = RunState.CRASHED if row.state == RunState.RUNNING else row.state
        return row

    def _key(self, related: type[Model], said: Any) -> int | None:
        if said is None:
            return None
        if related is User:
            return self.people.get(said)
        if related is StoredFile:
            return self._contents.get(said)
        return self.ids.get(related, {}).get(said)

    def _note_last_chunks(self) -> None:
        for some in self.batches({"pk": pk} for pk in self.ids[Run].values()):
            runs = Run.objects.filter(pk__in=[one["pk"] for one in some], last_chunk=None)
            logged = runs.filter(chunks__stream=Stream.HISTORY)
            for run, last in logged.annotate(last=Max("chunks__pk")).values_list("pk", "last"):
                Run.objects.filter(pk=run).update(last_chunk=last)


def _row_said(line: bytes) -> dict[str, Any]:
    """Give what a line says of a row, as it may be stored. Raises ValueError, and TooMuch for what is small in text."""
    check_text(line, "archive")
    found = strict_json.read(line.decode())
    if not isinstance(found, dict):
        raise ValueError("a line that tells of no row")
    return found


def _count_bytes(chunks: Iterable[HistoryChunk]) -> None:
    """Add what was stored to what its runs keep: an archive may say anything of that."""
    sizes = Counter[int]()
    for chunk in chunks:
        sizes[chunk.run_id] += len(json_text(chunk.rows))
    for run, size in sizes.items():
        Run.all_rows.filter(pk=run).update(bytes_logged=F("bytes_logged") + size)


def _identity(row: Any, attributes: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in attributes)


def _refuse_other(model: type[Model], rows: Any, said: dict[str, Any], name: str) -> None:
    row = rows.first()
    if row is None:
        return
    if isinstance(row, CanBeHidden) and row.deletion_id is not None:
        raise RefusedArchive(f"The {model._meta.verbose_name} {name} is being deleted here: undo that, or wait for it.")
    is_other = row.created_at.isoformat() != said["created_at"] and not isinstance(row, Project)
    if is_other or getattr(row, "digest", None) != said.get("digest"):
        raise RefusedArchive(
            f"There is another {model._meta.verbose_name} {name} in this team. Import into a team that has none."
        )
