"""SQLite's rows as PostgreSQL takes them: SQLite knows neither truth, nor time, nor how long a text may be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from operations.backup.postgresql_tables import NextIds

_AT_ONCE = 2000
# In PostgreSQL's words for the type of a column.
_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": bool,
    # Django writes times of UTC without saying so.
    "timestamp with time zone": lambda text: f"{text}+00",
    # PostgreSQL keeps no NUL.
    "text": lambda text: _without_nul(text),
    "character varying": lambda text: _without_nul(text),
}


def converted_rows(source: sqlite3.Connection, table: str, types: Mapping[str, str]) -> Iterator[list[Any]]:
    """Give the table's rows, with their columns in the order of `types`."""
    columns = ", ".join(f'"{name}"' for name in types)
    changing = [(at, _CONVERSIONS[kind]) for at, kind in enumerate(types.values()) if kind in _CONVERSIONS]
    cursor = source.execute(f'SELECT {columns} FROM "{table}"')
    while rows := cursor.fetchmany(_AT_ONCE):
        for found in rows:
            row = list(found)
            for at, convert in changing:
                if row[at] is not None:
                    row[at] = convert(row[at])
            yield row


def columns_of(source: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in source.execute(f'PRAGMA table_info("{table}")')}


def count_rows(source: sqlite3.Connection, table: str) -> int:
    return int(source.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def next_ids(source: sqlite3.Connection, names: Sequence[str]) -> NextIds:
    """Give the highest number that each table gave out, also to rows that are gone."""
    given = dict(source.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    return {name: {"id": given[name]} for name in names if name in given}


def _without_nul(text: Any) -> Any:
    return text.replace("\0", "\ufffd") if isinstance(text, str) else text
