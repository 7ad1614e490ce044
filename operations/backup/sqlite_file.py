"""SQLite's file, out while others write to it (SQLite's online backup), and in, whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.core.management.base import CommandError


@contextmanager
def snapshot(database: Path, beside: Path) -> Iterator[Path]:
    """Give a copy of the database as it is at this moment. Copying the file would miss what stands in its -wal."""
    with tempfile.TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}-") as folder:
        copy = Path(folder) / "runbell.sqlite3"
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            # All pages at once: who writes meanwhile is not stopped, and makes it begin again no more than once.
            source.backup(target, pages=-1)
            # One file, with nothing beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise CommandError(f"The database {database} is damaged: {found}. Restore the backup before this one.")
        yield copy


def put_in_place(database: Path, pieces: Iterable[bytes]) -> None:
    """Write the file beside its place, and move it there."""
    draft = database.with_name(f"{database.name}-restoring")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        for piece in pieces:
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    # Of the empty one that was there before: they would be taken for its own.
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    os.replace(draft, database)
