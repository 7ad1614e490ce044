"""Wake-up pipe (FIFO) in the data folder: the kernel wakes a worker that waits, and nobody polls.

It carries no data: each byte says that somebody should look. What nobody hears is lost, and the sweep finds it.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from pathlib import Path

from django.conf import settings

NAME = "wake.pipe"
_AT_ONCE = 4096


def ring(word: bytes) -> None:
    """Write the byte for whoever listens on this host. Never waits: a pipe that is full has been rung already."""
    with suppress(OSError):  # ENXIO and ENOENT: nobody listens
        pipe = os.open(_path(), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(pipe, word)
        finally:
            os.close(pipe)


class Listener:
    """The end that listens. Of several clusters on one data folder, one gets what was rung."""

    def __init__(self) -> None:
        path = _path()
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # For writing too: without a writer a pipe is always at its end, and reading would never wait.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISFIFO(os.fstat(self._pipe).st_mode):
            os.close(self._pipe)
            raise FileExistsError(f"{path} is no pipe")

    def wait(self, seconds: float, beside: int | None = None) -> bytes:
        """Wait until somebody rings, or until there is something to read at `beside`; give the bytes that came."""
        poll = select.poll()
        for handle in (self._pipe, beside):
            if handle is not None:
                poll.register(handle, select.POLLIN)
        poll.poll(1000 * seconds)
        try:
            return os.read(self._pipe, _AT_ONCE)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self._pipe)


def _path() -> Path:
    return settings.DATA_DIR / NAME
