"""Outages: errors whose cause is the database or the disk, and not what was asked."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db import InterfaceError, OperationalError


@dataclass(frozen=True)
class Outage:
    """What to answer: the status, what a person should know, and after how many seconds a later try may work."""

    status: int
    code: str
    message: str
    retry_after: int


AWAY = Outage(503, "DATABASE_AWAY", "The database does not answer at this moment. Nothing was changed. Try again.", 5)
BUSY = Outage(503, "DATABASE_BUSY", "The database is busy with others. Nothing was changed. Try again.", 2)
FULL = Outage(507, "DISK_FULL", "The disk of the server is full. Nothing was changed. Its operator makes room.", 60)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
# SQLite's primary codes: https://sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_FULL: FULL, sqlite3.SQLITE_BUSY: BUSY, sqlite3.SQLITE_LOCKED: BUSY, sqlite3.SQLITE_CANTOPEN: AWAY,
    sqlite3.SQLITE_IOERR: AWAY, sqlite3.SQLITE_READONLY: AWAY, sqlite3.SQLITE_NOTADB: AWAY,
    sqlite3.SQLITE_CORRUPT: AWAY, sqlite3.SQLITE_PROTOCOL: BUSY,
}  # fmt: skip
# PostgreSQL's, the longest beginning first: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "53100": FULL, "53300": BUSY, "55P03": BUSY, "57014": BUSY, "40": BUSY, "53": AWAY, "57P": AWAY, "08": AWAY,
    "58": AWAY, "28": AWAY, "3D000": AWAY, "25006": AWAY, "XX": AWAY,
}  # fmt: skip


def outage_of(error: BaseException | None) -> Outage | None:
    """Give the outage that an error comes from; None where it has another cause."""
    return next((found for one in _causes(error) if (found := _of(one)) is not None), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give what it was raised from, the innermost first: a driver knows more than what Django makes of it."""
    chain: list[BaseException] = []
    while error is not None and len(chain) < 10:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return reversed(chain)


def _of(error: BaseException) -> Outage | None:
    if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError):
        # The lowest byte; the others say more exactly what.
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return FULL
    # Django's own, with no driver's behind it: the connection is closed.
    return AWAY if isinstance(error, InterfaceError | OperationalError) and error.__cause__ is None else None


def _of_postgresql(error: psycopg.Error) -> Outage | None:
    state = error.sqlstate
    if state is None:
        # No connection could be made, or it is gone.
        text = str(error)
        known = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return BUSY if "too many clients" in text or "remaining connection slots" in text else AWAY if known else None
    return next((found for start, found in _POSTGRESQL.items() if state.startswith(start)), None)
