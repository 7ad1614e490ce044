"""How many bytes tables take with their indexes, without the room that is free in them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection


def bytes_of_tables(names: Sequence[str]) -> int:
    """Ask the database, once it has given back what is free."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            indexed = "name IN (SELECT name FROM sqlite_master WHERE tbl_name = %s)"
            question = f"SELECT sum(pgsize) FROM dbstat WHERE {indexed}"
        else:
            for name in names:
                cursor.execute(f'VACUUM FULL "{name}"')
            question = "SELECT pg_total_relation_size(%s::regclass)"
        return sum(_answer(cursor, question, name) for name in names)


def _answer(cursor: object, question: str, name: str) -> int:
    cursor.execute(question, [name])  # type: ignore[attr-defined]
    return int(cursor.fetchone()[0] or 0)  # type: ignore[attr-defined]
