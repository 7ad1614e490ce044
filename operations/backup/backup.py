"""Back up all of an installation into one file while it runs: database, files or their list, keys on wish."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg import Connection

from operations import recurring_jobs
from operations.backup import keys, postgresql_tables, sqlite_file, stored_files
from operations.backup.archive import ArchiveWriter
from operations.backup.postgresql_tables import Table
from operations.backup.stored_files import FileCount
from operations.checks.database.backups import JOB

SQLITE_MEMBER = "database/runbell.sqlite3.gz"
# Of the processes that run, and nobody's data: the queue of wake-ups, which all may be lost, and signs of life.
OF_PROCESSES = frozenset(["django_q_ormq", "events_wakeup", "events_workerheartbeat", "operations_hostkeys"])
MIGRATIONS = MigrationRecorder.Migration._meta.db_table


def table_member(name: str) -> str:
    return f"database/{name}.copy.gz"


def tables_with_data() -> list[str]:
    """Give the tables of ours that exist, but what migrations and processes keep for themselves."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*names} - OF_PROCESSES - {MIGRATIONS})


def back_up(path: Path, *, with_keys: bool, with_files: bool) -> FileCount:
    """Write the backup. Raises CommandError, and leaves nothing, where it cannot be whole."""
    if path.exists():
        raise CommandError(f"{path} is there already. Choose another name, or move it away.")
    with ArchiveWriter(path) as archive:
        add = _add_sqlite if connection.vendor == "sqlite" else _add_postgresql
        rows, manifest = add(archive)
        if with_keys:
            keys.add_keys(archive)
        count = stored_files.add_files(archive, rows, with_contents=with_files)
        archive.finish({**_about(), **manifest, "keys": with_keys, "files": asdict(count)})
    # For `runbell doctor`, which says how old it is.
    recurring_jobs.note_done(JOB)
    return count


def _about() -> dict[str, Any]:
    return {"runbell": settings.VERSION, "created_at": timezone.now().isoformat(), "database": connection.vendor}


def _add_sqlite(archive: ArchiveWriter) -> tuple[stored_files.Rows, dict[str, Any]]:
    with sqlite_file.snapshot(Path(connection.settings_dict["NAME"]), archive.path) as copy:
        with closing(sqlite3.connect(copy)) as found:
            applied = found.execute(f"SELECT app, name FROM {MIGRATIONS} ORDER BY id").fetchall()
            rows = found.execute(stored_files.SELECT).fetchall()
        archive.add_compressed(SQLITE_MEMBER, _read(copy))
    return rows, {"migrations": applied}


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(2**20), b"")


def _add_postgresql(archive: ArchiveWriter) -> tuple[stored_files.Rows, dict[str, Any]]:
    names = tables_with_data()
    with postgresql_tables.snapshot(connection) as raw:
        applied = raw.execute(f"SELECT app, name FROM {MIGRATIONS} ORDER BY id".encode()).fetchall()
        tables = {name: _add_table(archive, raw, name) for name in names}
        rows = raw.execute(stored_files.SELECT).fetchall()
        next_ids = postgresql_tables.next_ids(raw, names)
    return rows, {"migrations": applied, "tables": tables, "next_ids": next_ids}


def _add_table(archive: ArchiveWriter, raw: Connection[Any], name: str) -> dict[str, Any]:
    table = Table(name, tuple(postgresql_tables.columns_of(raw, name)))
    archive.add_compressed(table_member(name), postgresql_tables.copied_out(raw, table))
    count = raw.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone()
    return {"columns": table.columns, "rows": count and count[0]}
