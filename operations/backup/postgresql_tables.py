"""PostgreSQL's tables, out and in by COPY: text that each version and each machine reads. Needs no pg_dump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, sql

# The highest number that each column gave out: what was deleted gives its number to nobody.
NextIds = dict[str, dict[str, int]]

_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""
_COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position
"""
_NUMBERED = """
    SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = ANY(%s)
        AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')
"""


@dataclass(frozen=True)
class Table:
    """A table and its columns, in the order in which they are copied."""

    name: str
    columns: tuple[str, ...]

    def copy(self, how: str) -> sql.Composed:
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(self.name), columns, sql.SQL(how))


@contextmanager
def snapshot(connection: BaseDatabaseWrapper) -> Iterator[Connection[Any]]:
    """Give a connection that sees the database as it is at this moment, whatever others write. Stops nobody."""
    own = connection.copy()
    own.ensure_connection()
    raw: Connection[Any] = own.connection
    try:
        raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _without_time_limits(raw)
        # The snapshot is that of the first question.
        raw.execute("SELECT count(*) FROM django_migrations")
        yield raw
    finally:
        own.close()


def columns_of(raw: Connection[Any], name: str) -> dict[str, str]:
    """Give the type of each column; nothing where there is no such table."""
    return dict(raw.execute(_COLUMNS, [name]).fetchall())


def copied_out(raw: Connection[Any], table: Table) -> Iterator[bytes]:
    with raw.cursor() as cursor, cursor.copy(table.copy("TO STDOUT")) as copy:
        for piece in copy:
            yield bytes(piece)


def copy_in(raw: Connection[Any], table: Table, pieces: Iterable[bytes]) -> int:
    """Give how many rows came in."""
    with raw.cursor() as cursor:
        with cursor.copy(table.copy("FROM STDIN")) as copy:
            for piece in pieces:
                copy.write(piece)
        return cursor.rowcount


def next_ids(raw: Connection[Any], names: Iterable[str]) -> NextIds:
    found: NextIds = {}
    for table, column, sequence in raw.execute(_NUMBERED, [list(names)]).fetchall():
        last = raw.execute("SELECT pg_sequence_last_value(%s::regclass)", [sequence]).fetchone()
        found.setdefault(table, {})[column] = (last and last[0]) or 0
    return found


@contextmanager
def loading(raw: Connection[Any], names: Iterable[str], given: NextIds) -> Iterator[None]:
    """Empty the tables for what is copied in; in one transaction, so that all of it is there or nothing.

    Foreign keys are judged when all is in: at once, table by table, and not row by row. `given` are the numbers that
    have been given out; where the rows themselves go further, those count.
    """
    names = list(names)
    with raw.transaction():
        _without_time_limits(raw)
        foreign_keys = raw.execute(_FOREIGN_KEYS).fetchall()
        for table, key, _definition in foreign_keys:
            raw.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}".encode())
        raw.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))
        yield
        for table, key, definition in foreign_keys:
            raw.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}".encode())
        _set_sequences(raw, names, given)
    # The planner knows nothing of them yet.
    raw.execute("ANALYZE")


def _set_sequences(raw: Connection[Any], names: list[str], given: NextIds) -> None:
    for table, column, sequence in raw.execute(_NUMBERED, [names]).fetchall():
        highest = sql.SQL("SELECT max({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        found = raw.execute(highest).fetchone()
        last = max((found and found[0]) or 0, given.get(table, {}).get(column, 0))
        raw.execute("SELECT setval(%s::regclass, %s, %s)", [sequence, last or 1, last > 0])


def _without_time_limits(raw: Connection[Any]) -> None:
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
        raw.execute(f"SET LOCAL {limit} = 0".encode())
