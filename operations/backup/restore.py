"""Restore a backup into an empty place, and say what it will send again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import Connection

from operations import migrating
from operations.backup import keys, postgresql_tables, resending, sqlite_file, stored_files
from operations.backup.archive import ArchiveReader, BrokenArchive
from operations.backup.backup import OF_PROCESSES, SQLITE_MEMBER, table_member, tables_with_data
from operations.backup.postgresql_tables import Table
from secrets_vault import rotation

# What migrations write into a new database, and processes that looked into it.
NOT_DATA = {
    "auth_permission", "django_content_type", "django_q_schedule", "events_metriccount", "operations_recurringjob",
    "operations_alarm",
}  # fmt: skip
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Applied = set[tuple[str, str]]


def restore(path: Path, *, held: bool) -> list[str]:
    """Restore, and give what there is to say. Raises CommandError, with nothing changed, where it cannot be done."""
    try:
        with ArchiveReader(path) as archive, migrating.lock():
            _refuse(archive)
            archive.verify()
            said = keys.put_back(archive) if archive.manifest["keys"] else []
            files = stored_files.put_back(archive)
            _put_back_database(archive)
            call_command("migrate", verbosity=0, interactive=False)
            waiting = resending.waiting()
            if held:
                resending.hold()
    except BrokenArchive as error:
        raise CommandError(str(error)) from None
    return [*said, *_about_files(files), *rotation.problems(), *waiting.sentences(held=held)]


def require_empty() -> None:
    """Raise CommandError where somebody's data is in the database."""
    with connection.cursor() as cursor:
        for name in tables_with_data():
            cursor.execute(f'SELECT 1 FROM "{name}" LIMIT 1')
            if name not in NOT_DATA and cursor.fetchone():
                raise CommandError(
                    f"There is data in the database already (in {name}). A backup is restored into an empty one: "
                    "give another DATABASE_URL, or another RUNBELL_DATA_DIR."
                )


def _refuse(archive: ArchiveReader) -> None:
    was = archive.manifest["database"]
    if was != connection.vendor:
        raise CommandError(
            f"The backup is of {_NAMES[was]}, and DATABASE_URL names {_NAMES[connection.vendor]}. Restore it into "
            f"{_NAMES[was]}; from SQLite to PostgreSQL leads `runbell move_to_postgresql`."
        )
    require_empty()
    loader = MigrationExecutor(connection).loader
    unknown = _applied(archive) - {*loader.disk_migrations}
    if unknown := {one for one in unknown if one[0] in loader.migrated_apps}:
        raise CommandError(
            f"The backup was made by Runbell {archive.manifest['runbell']}, which is later than this one, "
            f"{settings.VERSION}: it has {'.'.join(min(unknown))}. Restore it with that version."
        )


def _put_back_database(archive: ArchiveReader) -> None:
    if connection.vendor == "sqlite":
        connection.close()
        sqlite_file.put_in_place(Path(connection.settings_dict["NAME"]), archive.unpacked(SQLITE_MEMBER))
        with connection.cursor() as cursor:
            for name in OF_PROCESSES:
                cursor.execute(f'DELETE FROM "{name}"')
        return
    _migrate_as_it_was(_applied(archive))
    connection.ensure_connection()
    raw: Connection[Any] = connection.connection
    with postgresql_tables.loading(raw, archive.manifest["tables"], archive.manifest["next_ids"]):
        for name, about in archive.manifest["tables"].items():
            count = postgresql_tables.copy_in(raw, Table(name, tuple(about["columns"])), _unpacked(archive, name))
            if count != about["rows"]:
                raise CommandError(f"{count} rows of {name} came in, not {about['rows']}. Nothing was restored.")


def _unpacked(archive: ArchiveReader, name: str) -> Iterator[bytes]:
    return archive.unpacked(table_member(name))


def _migrate_as_it_was(wanted: Applied) -> None:
    """Make the tables that the backup is of: later migrations then change what is in them."""
    executor = MigrationExecutor(connection)
    _require_same(executor, {*executor.loader.applied_migrations} - wanted)
    graph = executor.loader.graph
    last = [
        node
        for node in sorted(wanted & {*graph.nodes})
        if not any(child.key[0] == node[0] and child.key in wanted for child in graph.node_map[node].children)
    ]
    executor.migrate(last)
    _require_same(executor, {*executor.recorder.applied_migrations()} ^ wanted)


def _require_same(executor: MigrationExecutor, differing: Applied) -> None:
    # Those of an app that is no longer there changed what nobody reads.
    if differing := {one for one in differing if one[0] in executor.loader.migrated_apps}:
        raise CommandError(
            f"The tables in the database are not those of the backup: {'.'.join(min(differing))} is in one of them "
            "alone. Give an empty database, with no table in it."
        )


def _applied(archive: ArchiveReader) -> Applied:
    return {(app, name) for app, name in archive.manifest["migrations"]}


def _about_files(count: stored_files.FileCount) -> list[str]:
    said = [f"{count.listed} files of artifacts and runs: {count.copied} were put back, {count.missing} are missing."]
    if count.missing:
        said.append("Those that are missing: put them where RUNBELL_ARTIFACT_FILES says, by the names in files.jsonl.")
    return said
