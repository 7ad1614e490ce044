"""The archive of a backup: one tar with its parts, a manifest, and the checksum of each.

It is whole or not there: it is written beside its place and moved there when all is in. SHA256SUMS, its last part, is
in the form of `sha256sum`, so that the parts can be checked and read without Runbell.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

MANIFEST, CHECKSUMS = "manifest.json", "SHA256SUMS"
FORMAT = 1
_PIECE = 2**20
# These two are read whole. A line of checksums has about a hundred bytes.
_LARGEST_TEXT = {MANIFEST: 2**26, CHECKSUMS: 2**30}


class BrokenArchive(Exception):
    """It is no backup, or not as it was written."""


class ArchiveWriter:
    """Writes the parts one after the other; `finish` makes an archive of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = path.with_name(f"{path.name}.part")
        self._sums: dict[str, str] = {}

    def __enter__(self) -> ArchiveWriter:
        # Anew: what lies there may be somebody else's, or a link to where others read.
        self._draft.unlink(missing_ok=True)
        self._stream = open(os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._stream, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._stream.close()
        self._draft.unlink(missing_ok=True)

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Add a part of this size. Fewer bytes than that raise OSError, and spoil the archive."""
        part = tarfile.TarInfo(name)
        part.size, part.mode = size, 0o600
        read = _Read(pieces)
        self._tar.addfile(part, read)
        self._sums[name] = read.digest

    def add_text(self, name: str, text: str) -> None:
        content = text.encode()
        self.add(name, len(content), [content])

    def add_compressed(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a part whose size nobody knows yet: compressed, in a file beside, and from there."""
        with tempfile.TemporaryFile(dir=self.path.parent) as beside:
            with gzip.GzipFile(fileobj=beside, mode="wb", compresslevel=1, mtime=0) as packed:
                for piece in pieces:
                    packed.write(piece)
            size = beside.tell()
            beside.seek(0)
            self.add(name, size, iter(lambda: beside.read(_PIECE), b""))

    def finish(self, manifest: dict[str, Any]) -> None:
        self.add_text(MANIFEST, json.dumps({"format": FORMAT, **manifest}, indent=1))
        self.add_text(CHECKSUMS, "".join(f"{digest}  {name}\n" for name, digest in self._sums.items()))
        self._tar.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        os.replace(self._draft, self.path)


class ArchiveReader:
    """Reads an archive; raises BrokenArchive where it is none, or did not come to its end. `noun` says of what."""

    def __init__(self, path: Path, noun: str = "backup") -> None:
        self.noun = noun
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115  # closed by `__exit__`
            self.names = list(self._names())
            lines = (line.partition("  ") for line in self._text(CHECKSUMS).splitlines())
            self._sums = {name: digest for digest, _, name in lines}
            self.manifest: dict[str, Any] = json.loads(self._text(MANIFEST))
        except (tarfile.TarError, KeyError, ValueError) as error:
            raise BrokenArchive(f"{path.name} is no {noun} of Runbell, or it broke off ({error}).") from None
        format = self.manifest.get("format") if isinstance(self.manifest, dict) else None
        if not isinstance(format, int):
            raise BrokenArchive(f"{path.name} is no {noun} of Runbell: its manifest says no format.")
        if format > FORMAT:
            raise BrokenArchive(
                f"{path.name} was made by a later Runbell, {self.manifest.get('runbell')}. Read it with that."
            )

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def verify(self) -> None:
        """Read every part and compare it with its checksum."""
        for part in self._tar:
            if not _is_ours(part) or ".." in part.name.split("/") or part.name.startswith("/"):
                raise BrokenArchive(f"{part.name} in the {self.noun} is no part of one.")
        for name in self.names:
            if name == CHECKSUMS:
                continue
            digest = hashlib.sha256()
            for piece in self.pieces(name):
                digest.update(piece)
            if digest.hexdigest() != self._sums.get(name):
                raise BrokenArchive(f"{name} in the {self.noun} is not what was written: its checksum differs.")

    def _names(self) -> Iterator[str]:
        for part in self._tar:
            # Before anything is read: a part may say that it has more than the file, or less than nothing.
            if part.size < 0 or (part.name in _LARGEST_TEXT and not _is_ours(part)):
                raise BrokenArchive(f"{part.name} in the {self.noun} is no part of one.")
            if part.size > _LARGEST_TEXT.get(part.name, part.size):
                raise BrokenArchive(f"{part.name} in the {self.noun} has {part.size} bytes, which none has.")
            yield part.name

    def pieces(self, name: str) -> Iterator[bytes]:
        with self.stream(name) as stream:
            while piece := stream.read(_PIECE):
                yield piece

    def unpacked(self, name: str) -> Iterator[bytes]:
        with self.stream(name) as stream, gzip.GzipFile(fileobj=stream) as packed:
            while piece := packed.read(_PIECE):
                yield piece

    def stream(self, name: str) -> IO[bytes]:
        found = self._tar.extractfile(name)
        if found is None:
            raise KeyError(name)
        return found

    def _text(self, name: str) -> str:
        return self.stream(name).read().decode()


def _is_ours(part: tarfile.TarInfo) -> bool:
    """Whether it is a file, and no link or folder; and one without holes, which may have any size."""
    return part.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not part.issparse()


class _Read(io.RawIOBase):
    """Pieces as a file that is read once, and the checksum of what was read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest, self._hash = iter(pieces), b"", hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return b""
        given, self._rest = self._rest[:size], self._rest[size:]
        self._hash.update(given)
        return given

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
