"""Storage backend on the local disk, with atomic writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

PIECE = 2**18


class FolderStorage(FileSystemStorage):
    """A file appears whole or not at all: it is written beside its place, and moved there when all has come."""

    def _save(self, name: str, content: File[Any]) -> str:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        draft = f"{path}.part"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                while piece := content.read(PIECE):
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(draft, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
        return name

    def pieces(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Give so many bytes of the file from there on, a piece at a time."""
        with open(self.path(name), "rb") as stream:
            stream.seek(start)
            while length > 0 and (piece := stream.read(min(PIECE, length))):
                length -= len(piece)
                yield piece

    def delete(self, name: str) -> None:
        for path in (self.path(name), f"{self.path(name)}.part"):
            with suppress(FileNotFoundError):
                os.unlink(path)
