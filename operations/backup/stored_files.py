"""The files of artifacts and runs in a backup: their list always, their contents where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.core.files.storage import storages

from operations.backup.archive import ArchiveReader, ArchiveWriter

LIST = "files.jsonl"
_FOLDER = "files/"
# What has arrived and lies under its own key, as `projects.StoredFile` keeps it. In SQL, to be asked of a snapshot.
SELECT = "SELECT key, size, md5 FROM projects_storedfile WHERE arrived_at IS NOT NULL AND NOT in_parts ORDER BY id"
Rows = Iterable[tuple[str, int, str]]


@dataclass
class FileCount:
    """How many files there are, how many of them stand in the backup, and how many were not found."""

    listed: int = 0
    copied: int = 0
    copied_bytes: int = 0
    missing: int = 0


def add_files(archive: ArchiveWriter, rows: Rows, *, with_contents: bool) -> FileCount:
    """Put the list in, and the contents. What was deleted since the snapshot is counted as missing."""
    count = FileCount()
    rows = list(rows)
    archive.add_compressed(LIST, (_line(row) for row in rows))
    for key, size, _md5 in rows:
        count.listed += 1
        if with_contents:
            _add(archive, key, size, count)
    return count


def put_back(archive: ArchiveReader) -> FileCount:
    """Store what stands in the archive, and count what of the list is then not there."""
    storage: Any = storages["files"]
    inside = {name.removeprefix(_FOLDER) for name in archive.names if name.startswith(_FOLDER)}
    count = FileCount()
    for key, size in _files_on_list(archive):
        count.listed += 1
        there = _size_of(key)
        if there == size:
            continue
        if key in inside:
            if there is not None:
                # A rest of something; beside it the content would get another name.
                storage.delete(key)
            storage.save(key, File(archive.stream(_FOLDER + key), key))
            count.copied, count.copied_bytes = count.copied + 1, count.copied_bytes + size
        else:
            count.missing += 1
    return count


def _add(archive: ArchiveWriter, key: str, size: int, count: FileCount) -> None:
    if _size_of(key) != size:
        count.missing += 1
        return
    storage: Any = storages["files"]
    archive.add(_FOLDER + key, size, storage.pieces(key, 0, size))
    count.copied, count.copied_bytes = count.copied + 1, count.copied_bytes + size


def _size_of(key: str) -> int | None:
    storage = storages["files"]
    try:
        return storage.size(key)
    except FileNotFoundError:
        return None


def _line(row: tuple[str, int, str]) -> bytes:
    return json.dumps(dict(zip(("key", "size", "md5"), row, strict=True))).encode() + b"\n"


def _files_on_list(archive: ArchiveReader) -> Iterator[tuple[str, int]]:
    rest = b""
    for piece in archive.unpacked(LIST):
        *lines, rest = (rest + piece).split(b"\n")
        for found in map(json.loads, lines):
            yield found["key"], found["size"]
