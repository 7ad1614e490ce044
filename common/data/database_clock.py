"""One clock for every host: the database's."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """Give the database's time, so that leases hold between hosts whose clocks differ.

    SQLite lives on one host, whose clock Python reads finer.
    """
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(datetime, cursor.fetchone()[0])


def commit_without_waiting() -> None:
    """Let the commit of this transaction not wait for the disk: where a crash of the database may take it back."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
