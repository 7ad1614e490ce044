"""Multipart upload: a large file comes in parts, each a stored file of its own, and is put together without a copy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.data.validation_errors import UnderWay, quoted, refuse
from projects.file_storage.services import claim_files, new_key, pieces_of_all, require_size
from projects.models import FilePart, StoredFile
from teams.models import Team

MOST_PARTS = 10_000
# A file that is looked through for longer than this is looked through once more.
_CHECKED_WITHIN_SECONDS = 3600


def complete_multipart_upload(team: Team, md5: str, parts: Sequence[str]) -> StoredFile:
    """Make one file of parts that have come, told by their MD5, once its own MD5 is right. A repeat is harmless.

    Raises FileTooLarge, a refusal by field, or UnderWay while another request looks through it.
    """
    there = claim_files(team, [md5]).get(md5)
    if there is not None:
        return there
    files = _files(team, parts)
    require_size(sum(file.size for file in files))
    _check(md5, files)
    try:
        return _joined(team, md5, files)
    except IntegrityError:
        # Sent by another meanwhile.
        return claim_files(team, [md5])[md5]


def _files(team: Team, parts: Sequence[str]) -> list[StoredFile]:
    found = claim_files(team, parts)
    missing = [number for number, part in enumerate(parts, start=1) if part not in found]
    if missing:
        refuse(
            "completedParts",
            f"{len(missing)} of the {len(parts)} parts were not sent, such as part {missing[0]}. Send them first.",
        )
    if any(file.in_parts for file in found.values()):
        refuse("completedParts", "A part is a file in parts itself. Send parts of another size.")
    return [found[part] for part in parts]


def _check(md5: str, files: Sequence[StoredFile]) -> None:
    """Look through all of it, once at a time."""
    key = f"projects.multipart.{files[0].team_id}.{md5}"
    if not cache.add(key, 1, _CHECKED_WITHIN_SECONDS):
        raise UnderWay("The file is being checked. Ask again.")
    try:
        # In a thread of its own: the computing time of this one is what a GraphQL answer may take.
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(_md5_of, files).result()
    finally:
        cache.delete(key)
    if found != md5:
        refuse("uploadID", f"The MD5 of all parts is {quoted(found)}, not {quoted(md5)}. Send the file again.")


def _md5_of(files: Sequence[StoredFile]) -> str:
    found = hashlib.md5(usedforsecurity=False)
    for piece in pieces_of_all(files, 0, sum(file.size for file in files)):
        found.update(piece)
    return found.hexdigest()


def _joined(team: Team, md5: str, files: Sequence[StoredFile]) -> StoredFile:
    with transaction.atomic():
        # Claimed again: from here on they cannot be freed.
        _files(team, [file.md5 for file in files])
        now, size = timezone.now(), sum(file.size for file in files)
        whole = StoredFile.objects.create(
            team=team, key=new_key(team), md5=md5, size=size, in_parts=True, used_at=now, arrived_at=now
        )
        rows = [FilePart(whole=whole, number=number, content=file) for number, file in enumerate(files, start=1)]
        FilePart.objects.bulk_create(rows, batch_size=1000)
        return whole
