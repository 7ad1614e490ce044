"""Services of file storage: store uploads, deduplicated by MD5, and read them. Freed by `garbage_collection.py`.

A row is made before its content comes and goes after its content went, so nothing lies in a storage that no row
knows of. Only a row that has `arrived_at` is told of to anybody. Files in parts: `multipart.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.data.validation_errors import refuse
from projects.file_storage.incoming_file import FileSource, FileTooLarge, IncomingFile
from projects.models import RunFile, StoredFile
from projects.quota import forget_count, require_room
from teams.models import Team

_AT_ONCE = 1000


def store_file(team: Team, source: FileSource, *, length: int, md5: str = "") -> StoredFile:
    """Store an upload, deduplicated: gives the row that has its MD5.

    Raises FileTooLarge, TooMuch where the team has no room for it, or a refusal by field.
    """
    require_size(length)
    require_room(team, length)
    row = StoredFile.objects.create(team=team, key=new_key(team))
    incoming = IncomingFile(source, length=length, md5=md5)
    try:
        storages["files"].save(row.key, File(cast(IO[bytes], incoming), row.key))
    except BaseException:
        drop(row)
        raise
    try:
        with transaction.atomic():
            row.md5, row.size = incoming.md5, incoming.size
            row.arrived_at = row.used_at = timezone.now()
            row.save()
            forget_count(team)
            return row
    except IntegrityError:
        drop(row)
    there = claim_files(team, [incoming.md5]).get(incoming.md5)
    # Freed since that moment: so rare that sending it again will do.
    return there or refuse("content", "It was deleted meanwhile. Send it again.")


def require_size(length: int) -> None:
    """Refuse more than one file may have. Raises FileTooLarge."""
    if length > settings.FILE_LIMIT:
        raise FileTooLarge(
            f"{length} bytes; a file may have {settings.FILE_LIMIT}. RUNBELL_FILE_LIMIT_MB says how many."
        )


def new_key(team: Team) -> str:
    """Give a name in the storage that nothing has."""
    return f"{team.pk}/{secrets.token_hex(1)}/{secrets.token_hex(16)}"


def store_run_file(file: RunFile, source: FileSource, *, length: int) -> None:
    """Store what a file of a run holds."""
    stored = store_file(file.run.project.team, source, length=length)
    with transaction.atomic():
        if claim_files(file.run.project.team, [stored.md5]):
            file.content_id, file.size, file.md5, file.uploaded_at = stored.pk, stored.size, stored.md5, timezone.now()
            file.save(update_fields=["content", "size", "md5", "uploaded_at"])


def claim_files(team: Team, digests: Iterable[str]) -> Mapping[str, StoredFile]:
    """Give stored files by their MD5, and keep garbage collection off them for as long as a link lives.

    In a transaction that then points at them they cannot be freed at all.
    """
    wanted = sorted(set(digests))
    found: dict[str, StoredFile] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = StoredFile.objects.filter(team=team, md5__in=some, arrived_at__isnull=False)
        rows.update(used_at=timezone.now())
        found |= {row.md5: row for row in rows}
    return found


def file_pieces(stored: StoredFile, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """Give so many bytes of the file from there on, a piece at a time; of one in parts, of one part after the other."""
    left = stored.size - start if length is None else length
    if not stored.in_parts:
        return pieces_of_all([stored], start, left)
    parts = stored.parts.select_related("content").order_by("number")
    return pieces_of_all([part.content for part in parts], start, left)


def pieces_of_all(files: Iterable[StoredFile], start: int, length: int) -> Iterator[bytes]:
    """Read several files as if they were one. Asks the database nothing."""
    storage: Any = storages["files"]
    for file in files:
        here = max(0, min(length, file.size - start))
        if here:
            yield from storage.pieces(file.key, start, here)
        start, length = max(0, start - file.size), length - here


def read_file(stored: StoredFile) -> bytes:
    """Give all of it at once: for small files only."""
    return b"".join(file_pieces(stored))


def drop(row: StoredFile) -> None:
    """Delete the content, then its row."""
    storages["files"].delete(row.key)
    row.delete()
