"""Move from SQLite to PostgreSQL: every row by COPY, in one transaction. Keys and files stay where they are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import environ
import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from psycopg import Connection

from common.processes.child_processes import POLL_SECONDS, Child
from events import worker_heartbeat
from operations import migrating
from operations.backup import postgresql_tables
from operations.backup.backup import tables_with_data
from operations.backup.postgresql_tables import Table
from operations.backup.restore import NOT_DATA
from operations.moving import sqlite_rows

_SCHEMES = ("postgres://", "postgresql://")
_STOP_FIRST = "Stop Runbell first: what is written meanwhile would be missing."


@dataclass(frozen=True)
class Moved:
    tables: int
    rows: int
    seconds: float


def move(url: str, say: Callable[[str], object]) -> Moved:
    """Copy everything into this database. Raises CommandError, and leaves it empty, where that cannot be done."""
    if connection.vendor != "sqlite":
        raise CommandError("DATABASE_URL names PostgreSQL already. Moving leads from SQLite to PostgreSQL.")
    if not url.startswith(_SCHEMES):
        # The value is not repeated: it may hold a password.
        raise CommandError("The address must start with postgres://, such as postgres://user:password@host:5432/name")
    if count := migrating.missing():
        raise CommandError(f"{count} migrations are not applied to the SQLite database. Run `runbell migrate` first.")
    names = tables_with_data()
    with _nobody_writes() as source, _target(url) as raw:
        _require_empty(raw, names)
        say("Making the tables.")
        _migrate(url)
        began_at = time.monotonic()
        rows = _copy(source, raw, names, say)
    return Moved(len(names), rows, time.monotonic() - began_at)


@contextmanager
def _nobody_writes() -> Iterator[sqlite3.Connection]:
    """Give the SQLite database, held against writers. A worker would write before and after all the same."""
    age = worker_heartbeat.youngest_seconds()
    if age is not None and age < settings.READY_BEAT_SECONDS:
        raise CommandError(f"A worker gave a sign of life {age:.0f} s ago. {_STOP_FIRST}")
    connection.close()
    with migrating.lock(), closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=5)) as source:
        source.isolation_level = None
        try:
            source.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            raise CommandError(f"Somebody writes to the SQLite database. {_STOP_FIRST}") from None
        yield source
        source.execute("ROLLBACK")


@contextmanager
def _target(url: str) -> Iterator[Connection[Any]]:
    found = environ.Env.db_url_config(url)
    place = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    given = {name: value for name, value in place.items() if value} | found.get("OPTIONS", {})
    try:
        raw = psycopg.connect(dbname=found["NAME"], autocommit=True, **given)
    except psycopg.Error as error:
        raise CommandError(f"PostgreSQL cannot be reached: {str(error).strip()}") from None
    with closing(raw):
        yield raw


def _require_empty(raw: Connection[Any], names: list[str]) -> None:
    for name in names:
        if name in NOT_DATA or not postgresql_tables.columns_of(raw, name):
            continue
        if raw.execute(f'SELECT 1 FROM "{name}" LIMIT 1'.encode()).fetchone():
            raise CommandError(f"There is data in the PostgreSQL database already (in {name}). Give an empty one.")


def _migrate(url: str) -> None:
    # A process of its own: data migrations work on the database that the settings name.
    child = Child("manage.py", "migrate", "--verbosity=0", environment={"DATABASE_URL": url, "DATABASE_URL_FILE": ""})
    try:
        while not child.has_ended():
            time.sleep(POLL_SECONDS)
        if child.exit_code:
            raise CommandError("The tables could not be made; what stands above says why.")
    finally:
        child.kill()


def _copy(source: sqlite3.Connection, raw: Connection[Any], names: list[str], say: Callable[[str], object]) -> int:
    total, name = 0, ""
    try:
        with postgresql_tables.loading(raw, names, sqlite_rows.next_ids(source, names)):
            for name in names:
                count = _copy_table(source, raw, name)
                total += count
                if count:
                    say(f"{name}: {count} rows")
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # Its first line alone: what follows shows the row.
        place = f"{error.diag.table_name or name}{f'.{error.diag.column_name}' if error.diag.column_name else ''}"
        raise CommandError(
            f"PostgreSQL refuses a row of {place}: {error.diag.message_primary}. Nothing was moved."
        ) from None
    return total


def _copy_table(source: sqlite3.Connection, raw: Connection[Any], name: str) -> int:
    types = postgresql_tables.columns_of(raw, name)
    if differing := {*types} ^ sqlite_rows.columns_of(source, name):
        raise CommandError(f"{name} has other columns in the two databases: {', '.join(sorted(differing))}.")
    with raw.cursor() as cursor, cursor.copy(Table(name, tuple(types)).copy("FROM STDIN")) as copy:
        for row in sqlite_rows.converted_rows(source, name, types):
            copy.write_row(row)
    found = raw.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone()
    there, here = (found and found[0]) or 0, sqlite_rows.count_rows(source, name)
    if there != here:
        raise CommandError(f"{there} rows of {name} came in, not {here}. Nothing was moved.")
    return here
