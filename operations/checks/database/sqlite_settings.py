"""SQLite's settings: without WAL and foreign keys it locks under load, and keeps what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from operations.checks.operator_check import Finding, Level, OperatorCheck, registry

_WANTED = {"journal_mode": ("wal", "memory"), "foreign_keys": (1,), "synchronous": (1, 2, 3)}
# Beyond that a reader holds it back, such as a backup that hangs.
_LARGEST_WAL = 2**30


@registry.register
class SQLiteSettings(OperatorCheck):
    """Whether a SQLite database is set up as Runbell sets it up."""

    key, label = "sqlite_settings", _("SQLite's settings")

    def findings(self) -> Iterable[Finding]:
        if connection.vendor != "sqlite":
            return [Finding(Level.OK, "The database is not SQLite.")]
        found = {name: _pragma(name) for name in _WANTED}
        wrong = [f"{name} is {value}" for name, value in found.items() if value not in _WANTED[name]]
        if wrong:
            remedy = "Another program changed the file, or it lies on a network drive: keep it on a local disk."
            return [Finding(Level.PROBLEM, f"{', '.join(wrong)}.", remedy)]
        wal = Path(f"{settings.DATABASES['default']['NAME']}-wal")
        if wal.exists() and wal.stat().st_size > _LARGEST_WAL:
            said = f"{wal.name} has {wal.stat().st_size / 2**30:.1f} GiB."
            return [Finding(Level.WARNING, said, "Something holds the database open for long; restart Runbell.")]
        return [Finding(Level.OK, "journal_mode, synchronous and foreign_keys are as they should be.")]


def _pragma(name: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]
