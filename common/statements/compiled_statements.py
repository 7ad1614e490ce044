"""INSERT and UPDATE, compiled once: the ORM compiles them anew each time, for a third of a delivery's time.

Like `bulk_create`, `update` and `save`, on SQLite and PostgreSQL. No signals, no related rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Field, Model


def insert(
    rows: Sequence[Model], *, ignore_conflicts: bool = False, unless_there: tuple[str, ...] = (),
    changing: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Insert rows of one model. With `ignore_conflicts`, a row that breaks a constraint is left out.

    Where one of the same `unless_there` is there already, that gets the values of `changing` (upsert).
    """
    if not rows:
        return
    statement, fields = _insertion(type(rows[0]), ignore_conflicts)
    if unless_there:
        statement += _upsert(type(rows[0]), unless_there, changing)
    values = [[field.get_db_prep_value(getattr(row, field.attname), connection) for field in fields] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def insert_row(row: Model) -> None:
    """Insert one row, which then has its id."""
    statement, fields = _insertion(type(row), False)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {_column(type(row), 'id')}", values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def insert_new_row(row: Model) -> bool:
    """The same; give whether it was inserted: it is not where it breaks a constraint."""
    statement, fields = _insertion(type(row), True)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {_column(type(row), 'id')}", values)
        found = cursor.fetchone()
    if found is None:
        return False
    row.pk, row._state.adding, row._state.db = found[0], False, connection.alias
    return True


def save_columns(row: Model, columns: Collection[str]) -> None:
    """Write these columns of a row. Raises DatabaseError where it is gone."""
    changes = {name: getattr(row, _field(type(row), name).attname) for name in dict.fromkeys(columns)}
    if changes and not update(type(row), [row.pk], changes):
        raise DatabaseError(f"The {row._meta.verbose_name} {row.pk} was deleted meanwhile.")


def update(model: type[Model], ids: Sequence[int | str], changes: Mapping[str, Any], **held: Any) -> int:
    """Change the rows with these ids whose columns still hold `held`; give how many there were."""
    if not ids:
        return 0
    statement = _update(model, tuple(changes), tuple(held), len(ids))
    values = [*_prepared(model, changes), *_prepared(model, held), *ids]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        changed: int = cursor.rowcount
    return changed


@cache
def _insertion(model: type[Model], ignore_conflicts: bool) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(field for field in model._meta.local_concrete_fields if not field.primary_key)
    names = ", ".join(_column(model, field.name) for field in fields)
    blanks = ", ".join(["%s"] * len(fields))
    unless = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES ({blanks}){unless}", fields


@cache
def _upsert(model: type[Model], unless_there: tuple[str, ...], changing: tuple[str, ...]) -> str:
    same = ", ".join(_column(model, name) for name in unless_there)
    changes = ", ".join(f"{_column(model, name)} = EXCLUDED.{_column(model, name)}" for name in changing)
    return f" ON CONFLICT ({same}) DO UPDATE SET {changes}"


@cache
def _update(model: type[Model], changed: tuple[str, ...], held: tuple[str, ...], count: int) -> str:
    changes = ", ".join(f"{_column(model, name)} = %s" for name in changed)
    conditions = "".join(f"{_column(model, name)} = %s AND " for name in held)
    key, ids = _column(model, model._meta.pk.name), ", ".join(["%s"] * count)
    return f"UPDATE {_quoted(model._meta.db_table)} SET {changes} WHERE {conditions}{key} IN ({ids})"


def _prepared(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in values.items()]


@cache
def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _column(model: type[Model], name: str) -> str:
    column = _field(model, name).column
    assert column is not None
    return _quoted(column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
