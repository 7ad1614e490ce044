"""Arriving requests: the bytes of one, as they come, until head and body are there.

Only how long it is is looked at here. gunicorn's parser judges it afterwards, over the same bytes: where the two do not
agree on the length, it finds the end of the stream, and the connection is closed.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

# What a head may have: four of the longest lines that gunicorn takes.
LONGEST_HEAD = 32 * 1024
_IN_MEMORY = 64 * 1024
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\nContent-Length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r", re.IGNORECASE)
_CHUNKED = re.compile(rb"\nTransfer-Encoding[ \t]*:", re.IGNORECASE)
_CONTINUE = re.compile(rb"\nExpect[ \t]*:[ \t]*100-continue[ \t]*\r", re.IGNORECASE)


class ArrivingRequest:
    """One request. `take` what comes until it `is_ready`; then `read` it."""

    def __init__(self, folder: Path, longest_kept: int) -> None:
        self._folder, self._longest_kept = folder, longest_kept
        self._head = bytearray()
        self._kept: tempfile.SpooledTemporaryFile[bytes] | None = None
        self._read = 0
        self.has_head = False
        # Its body is too long to be kept, or of a length that nobody said: a thread reads it as it comes.
        self.is_streamed = False
        self.expects_continue = False
        self.length: int | None = 0
        self.received = 0
        # What came behind it.
        self.surplus = b""

    @property
    def has_begun(self) -> bool:
        return bool(self._head)

    @property
    def head(self) -> bytes:
        return bytes(self._head)

    @property
    def is_too_long(self) -> bool:
        return not self.has_head and len(self._head) > LONGEST_HEAD

    @property
    def is_ready(self) -> bool:
        return self.has_head and (self.is_streamed or self.received == self.length)

    @property
    def is_read(self) -> bool:
        """Whether all of it has been read: the next request begins behind it."""
        return self.length is not None and self._read == len(self._head) + self.length

    def take(self, data: bytes) -> None:
        if not self.has_head:
            begin = max(0, len(self._head) - len(_END) + 1)
            self._head += data
            end = self._head.find(_END, begin)
            if end < 0:
                return
            data = bytes(self._head[end + len(_END) :])
            del self._head[end + len(_END) :]
            self._measure()
        self._take_body(data)

    def _measure(self) -> None:
        self.has_head = True
        head = bytes(self._head)
        found = _LENGTH.search(head)
        self.length = None if _CHUNKED.search(head) else int(found[1]) if found else 0
        self.is_streamed = self.length is None or self.length > self._longest_kept
        self.expects_continue = b" HTTP/1.1\r" in head and _CONTINUE.search(head) is not None

    def _take_body(self, data: bytes) -> None:
        if self.is_streamed or self.length is None:
            self.surplus += data
            return
        body, self.surplus = data[: self.length - self.received], data[self.length - self.received :]
        if body:
            if self._kept is None:
                # A file without a name, beside the others: /tmp may be memory.
                self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder))  # noqa: SIM115
            self._kept.write(body)
            self.received += len(body)
            if self.received == self.length:
                self._kept.seek(0)

    def read(self, size: int) -> bytes | None:
        """Give what is there: nothing at its end, and None where the rest must come from the socket."""
        if self._read < len(self._head):
            data = bytes(self._head[self._read : self._read + size])
        elif self.is_streamed:
            data, self.surplus = self.surplus[:size], self.surplus[size:]
            if not data:
                return None
        else:
            data = self._kept.read(size) if self._kept else b""
        self._read += len(data)
        return data

    def note_read(self, count: int) -> None:
        """Count what came from the socket."""
        self._read += count

    def discard(self) -> None:
        if self._kept is not None:
            self._kept.close()
