"""Key rotation: encrypt everything anew under the first of RUNBELL_FERNET_KEYS, while work goes on.

Each value is replaced by compare-and-set, so that one which somebody changes meanwhile stays as they left it. It may be
stopped at any moment and begun again: what is new already is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from common import vault_encryption
from secrets_vault.encrypted_field import SecretField

_BATCH = 100
# A value that is changed each time we look is somebody else's work: it is new by then.
_MOST_PASSES = 3
Row = tuple[int, bytes]
_SECOND_FACTORS = "mfa.Authenticator.data"
_SECRETS_IN_JSON = {"secret", "seed"}


@dataclass
class Count:
    """What became of the values of one column."""

    column: str
    rotated: int = 0
    already_new: int = 0
    unreadable: int = 0

    def __str__(self) -> str:
        numbers = f"{self.rotated} rotated, {self.already_new} already new, {self.unreadable} unreadable"
        return f"{self.column}: {numbers}"


def secret_fields() -> list[SecretField]:
    """Every encrypted column of every model, also of plug-ins."""
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    return [field for model in models for field in model._meta.concrete_fields if isinstance(field, SecretField)]


def rotate(field: SecretField) -> Count:
    """Encrypt the column's values anew. Nothing is locked for longer than a batch takes to write."""
    count = Count(_name(field))
    fernets = _fernets(field)
    left: set[int] | None = None
    for _ in range(_MOST_PASSES):
        missed: set[int] = set()
        for batch in _batches(field):
            rows = [row for row in batch if left is None or row[0] in left]
            missed |= _rotated(field, rows, fernets, count)
        left = missed
        if not left:
            break
    return count


def count_values(field: SecretField) -> Count:
    """Count the column's values as `rotate` would, and change nothing."""
    count = Count(_name(field))
    fernets = _fernets(field)
    for batch in _batches(field):
        for _pk, token in batch:
            _judged(token, fernets, count)
    return count


def rotate_second_factors() -> Count:
    """Encrypt the secrets of authenticator apps and recovery codes anew: they stand in JSON, each row locked for it."""
    count = Count(_SECOND_FACTORS)
    for pk in _second_factors().values_list("pk", flat=True):
        with transaction.atomic():
            row = _second_factors().select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            for name in _SECRETS_IN_JSON & row.data.keys():
                new = _judged(row.data[name].encode(), vault_encryption.fernets(), count)
                if new is not None:
                    row.data[name] = new.decode()
                    row.save(update_fields=["data"])
    return count


def count_second_factors() -> Count:
    """Count as `rotate_second_factors` would, and change nothing."""
    count = Count(_SECOND_FACTORS)
    for data in _second_factors().values_list("data", flat=True):
        for name in _SECRETS_IN_JSON & data.keys():
            _judged(data[name].encode(), vault_encryption.fernets(), count)
    return count


def _second_factors() -> QuerySet[Authenticator]:
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(type__in=kinds)
    return rows


def problems() -> list[str]:
    """Say, when something starts, which values no key opens: pages work all the same, and deliveries wait."""
    try:
        counts = [*(count_values(field) for field in secret_fields()), count_second_factors()]
    except DatabaseError:
        # Not there, or not migrated yet: whoever needs it says so.
        return []
    return [
        f"No key in RUNBELL_FERNET_KEYS opens {count.unreadable} of the values in {count.column}. What needs them "
        "waits. Add the key they were written with, or set those secrets anew."
        for count in counts
        if count.unreadable
    ]


def _rotated(field: SecretField, rows: list[Row], fernets: list[Fernet], count: Count) -> set[int]:
    """Replace what is old of a batch, and give the rows that somebody else changed meanwhile."""
    new = [(pk, token, _judged(token, fernets, count)) for pk, token in rows]
    missed = set()
    # The tokens are made before: SQLite's write lock is held for the writing alone.
    with transaction.atomic():
        for pk, old, token in new:
            if token is not None and not _replaced(field, pk, old, token):
                missed.add(pk)
    count.rotated -= len(missed)
    return missed


def _judged(token: bytes, fernets: list[Fernet], count: Count) -> bytes | None:
    """Count the value, and give its new form where it has to have one."""
    try:
        fernets[0].decrypt(token)
        count.already_new += 1
        return None
    except InvalidToken:
        pass
    try:
        new = MultiFernet(fernets).rotate(token)
    except InvalidToken:
        count.unreadable += 1
        return None
    count.rotated += 1
    return new


def _batches(field: SecretField) -> Iterator[list[Row]]:
    table, column, key = _quoted(field)
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL AND {key} > %s "
                f"ORDER BY {key} LIMIT {_BATCH}",
                [last],
            )
            rows = [(pk, bytes(token)) for pk, token in cursor.fetchall()]
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _replaced(field: SecretField, pk: int, old: bytes, new: bytes) -> bool:
    table, column, key = _quoted(field)
    binary = connection.Database.Binary  # type: ignore[attr-defined]  # each backend has it
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s", [binary(new), pk, binary(old)]
        )
        return bool(cursor.rowcount)


def _fernets(field: SecretField) -> list[Fernet]:
    return [Fernet(key) for key in field.fernet_keys]


def _quoted(field: SecretField) -> tuple[str, str, str]:
    options, quote = field.model._meta, connection.ops.quote_name
    return quote(options.db_table), quote(field.column), quote(options.pk.column)


def _name(field: SecretField) -> str:
    return str(field)
