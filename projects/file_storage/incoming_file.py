"""Streaming upload: a file is read once, in pieces, and its size and MD5 checksum are verified on the way."""

from __future__ import annotations

import hashlib
import io
from typing import Any, Protocol

from common.data.validation_errors import quoted, refuse


class FileSource(Protocol):
    def read(self, size: int, /) -> bytes: ...


class FileTooLarge(Exception):
    """More than one file may have."""


class IncomingFile(io.RawIOBase):
    """What a client sends. Raises at its end where it is not what was promised, so that a storage keeps none of it."""

    def __init__(self, source: FileSource, *, length: int, md5: str = "") -> None:
        self._source, self._length, self._wanted = source, length, md5
        self._hash = hashlib.md5(usedforsecurity=False)
        self.size = 0

    @property
    def md5(self) -> str:
        return self._hash.hexdigest()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        # Some readers want all of it: they get it in pieces, as a pipe would do.
        piece = self._source.read(size if 0 < size <= 2**24 else 2**20)
        if not piece:
            self._check()
        self._hash.update(piece)
        self.size += len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _check(self) -> None:
        if self.size != self._length:
            refuse("content", f"{self.size} of {self._length} bytes came. Send it again.")
        if self._wanted and self.md5 != self._wanted:
            refuse("content", f"Its MD5 is {quoted(self.md5)}, not {quoted(self._wanted)}. Send it again.")
