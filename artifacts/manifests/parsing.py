"""Manifests: parse and validate the list of a version's files, and store its rows."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache

from artifacts.models import Version, VersionFile
from common.data.file_names import check_file_name, is_file_name, safe_file_name
from common.data.validation_errors import quoted, refuse
from common.data.value_count import check_text
from projects.file_storage.services import claim_files, read_file
from projects.models import StoredFile
from teams.models import Team

MOST_FILES = 100_000
_LARGEST = 64 * 2**20
_KNOWN_SECONDS = 86_400
# What a browser would run or show as a page of ours: it passes over white space and controls there.
_SCRIPT = re.compile(
    r"[\x00-\x20]*(j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|v\s*b\s*s\s*c\s*r\s*i\s*p\s*t|d\s*a\s*t\s*a)\s*:", re.I
)


@dataclass(frozen=True)
class ManifestEntry:
    """One file as the manifest has it. `md5` is empty where it is kept elsewhere: then there is a reference."""

    path: str
    digest: str
    size: int
    reference: str = ""
    md5: str = ""


@dataclass(frozen=True)
class Manifest:
    """A manifest that is kept: as it was written, and what it lists."""

    stored: StoredFile
    document: dict[str, Any]
    files: list[ManifestEntry]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def md5_of(digest: str, field: str) -> str:
    """Give the MD5 in hexadecimal, from that or from base64."""
    if len(digest) == 32 and all(letter in "0123456789abcdef" for letter in digest):
        return digest
    try:
        plain = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    if len(plain) != 16:
        refuse(field, f"{quoted(digest)} is no MD5, in base64 or hexadecimal.")
    return plain.hex()


def manifest_at(team: Team, md5: str) -> Manifest:
    """Read the manifest that was sent with this MD5."""
    stored = claim_files(team, [md5]).get(md5) if md5 else None
    if stored is None:
        refuse("manifest", "The list of the version's files was not sent. Send it, then commit.")
    return read_manifest(stored)


def read_manifest(stored: StoredFile) -> Manifest:
    if stored.size > _LARGEST:
        refuse("manifest", f"{stored.size} bytes; the list of the files may have {_LARGEST}.")
    content = read_file(stored)
    check_text(content, "manifest")
    try:
        document = json.loads(content)
        entries = [_entry(path, entry) for path, entry in document["contents"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        refuse("manifest", "It is no list of files as the wandb SDK writes it.")
    if len(entries) > MOST_FILES:
        refuse("manifest", f"{len(entries)} files; a version may have {MOST_FILES}.")
    return Manifest(stored, document, entries)


def served_manifest(stored: StoredFile) -> bytes | None:
    """Give the list of files with safe names, where it was committed with others; None where it can go as it is.

    Clients write files by the names in it, before anything else of ours could stop them.
    """
    if not Version.objects.filter(manifest=stored).exists() or cache.get(_key(stored)):
        return None
    manifest = json.loads(read_file(stored))
    contents: dict[str, Any] = manifest["contents"]
    if all(map(is_file_name, contents)):
        cache.set(_key(stored), 1, _KNOWN_SECONDS)
        return None
    manifest["contents"] = {safe_file_name(path): entry for path, entry in contents.items()}
    return json.dumps(manifest).encode()


def attach_files(version: Version, manifest: Manifest) -> None:
    """Give the version its files, in the transaction that makes it."""
    found = claim_files(version.team, (file.md5 for file in manifest.files if file.md5))
    _refuse_missing(manifest.files, found)
    rows = [
        VersionFile(
            version=version,
            path=file.path,
            digest=file.digest,
            size=file.size,
            reference=file.reference,
            content=found.get(file.md5),
        )
        for file in manifest.files
    ]
    VersionFile.objects.bulk_create(rows, batch_size=1000)
    version.manifest, version.size, version.file_count = manifest.stored, manifest.size, len(rows)
    version.save(update_fields=["manifest", "size", "file_count"])


def _key(stored: StoredFile) -> str:
    return f"artifacts.manifest.as_it_is.{stored.pk}"


def _entry(path: str, entry: Mapping[str, Any]) -> ManifestEntry:
    check_file_name(path, "manifest")
    digest, reference, size = str(entry.get("digest") or ""), str(entry.get("ref") or ""), entry.get("size")
    refuse_script(reference, f"manifest.{path}")
    return ManifestEntry(
        path=path,
        digest=digest[:1024],
        size=size if type(size) is int and 0 <= size < 2**63 else 0,
        reference=reference,
        md5="" if reference else md5_of(digest, f"manifest.{path}"),
    )


def refuse_script(reference: str, field: str) -> None:
    """Refuse a reference that a browser would run where it is shown as a link."""
    if _SCRIPT.match(reference):
        refuse(field, f"{quoted(reference)} is a script and no place of a file. Refer to where it lies.")


def _refuse_missing(files: Iterable[ManifestEntry], found: Mapping[str, StoredFile]) -> None:
    """Where contents are kept, a version without one of its files would be a broken promise."""
    missing = [file.path for file in files if file.md5 and file.md5 not in found]
    if missing and settings.KEEPS_FILES:
        shown = ", ".join(map(quoted, missing[:3]))
        refuse("manifest", f"{len(missing)} of the files were not sent, such as {shown}. Send them, then commit.")
