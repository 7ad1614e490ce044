"""Import a whole archive: rows, then automations with what they did, then links. One call for every door."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError

from common.data.validation_errors import TooMuch
from operations.archives.archive_import import ArchiveReport, ImportedRows, RefusedArchive, opened_archive
from operations.archives.imported_automations import write_automations, write_links
from projects.file_storage.incoming_file import FileTooLarge
from teams.models import Team, User

_LONGEST = 300
# What reading rows that somebody made up may end in, the database's refusal of two of one name among it.
_NO_ARCHIVE = (
    ValidationError, FileTooLarge, ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError,
    RecursionError, TypeError, ValueError, DatabaseError, tarfile.TarError, zlib.error,
)  # fmt: skip


def import_archive(
    path: Path,
    team: Team,
    *,
    by: User | None,
    alive: Callable[[], object] = bool,
    most_unpacked: int | None = None,
) -> ArchiveReport:
    """Import it; give what came of it. `most_unpacked` are the bytes that each of its tables may have.

    Raises RefusedArchive, and TooMuch where the team has no room for more.
    """
    with opened_archive(path) as archive:
        try:
            rows = ImportedRows(archive, team, by=by, alive=alive, most_unpacked=most_unpacked)
            rows.write()
            write_automations(rows)
            write_links(rows)
        except (TooMuch, InterfaceError, OperationalError):
            raise
        except _NO_ARCHIVE as error:
            messages = _sentence(error) if isinstance(error, ValidationError) else repr(error)[:_LONGEST]
            raise RefusedArchive(f"Something in the archive cannot be kept: {messages}") from error
    return rows.report


def _sentence(error: ValidationError) -> str:
    """Say what is wrong by the names of the fields, where it has them."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
