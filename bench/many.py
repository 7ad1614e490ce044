"""Rows by the hundred thousand: copies of one row, made inside the database."""

from __future__ import annotations

from django.db import connection, models


def copies(row: models.Model, count: int, **changed: str) -> None:
    """Make so many copies of the row. What differs is SQL, in which `n.i` counts from 1."""
    table = connection.ops.quote_name(row._meta.db_table)
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = [changed.get(column, f"one.{connection.ops.quote_name(column)}") for column in columns]
    unknown = changed.keys() - set(columns)
    assert not unknown, f"{row._meta.label} has no {unknown}"
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) "
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"SELECT {', '.join(values)} FROM {table} one CROSS JOIN n WHERE one.id = {row.pk}"
        )


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
