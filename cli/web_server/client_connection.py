"""Client connections: one socket, what has come of its request, and what is still to go to it.

To gunicorn's parser and its answers it looks like a socket. What is written waits in `outbox`: a thread never waits for
somebody who reads slowly, unless it is one of those for transfers.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from cli.web_server.arriving_request import ArrivingRequest

# Bytes a second: who is slower for long is not waited for.
SLOWEST = 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PIECE = 256 * 1024


class Stage(Enum):
    """Where a connection is; all but BUSY ones wait in the poller. Where there are too many, they go in this order."""

    IDLE = "between two requests"
    CLOSING = "answered, and waiting for the other side to close"
    HEAD = "a head is coming"
    LEAVING = "an answer is going"
    BODY = "a body is coming"
    BUSY = "a thread has it"


class ClientConnection:
    def __init__(
        self, sock: socket.socket, client: Any, server: Any, *, folder: Path, longest_kept: int, patience: float
    ) -> None:
        sock.setblocking(False)
        self.sock, self.client, self.server = sock, client, server
        self._folder, self._longest_kept, self._patience = folder, longest_kept, patience
        self.request = ArrivingRequest(folder, longest_kept)
        self.stage = Stage.BUSY
        self.until = 0.0
        self.outbox: deque[memoryview] = deque()
        self.waiting = 0
        # Of this stage: what has come or gone, and how long the other side was waited for.
        self.moved = 0
        self._waited = 0.0
        # A thread for transfers has it: reading and writing wait.
        self.is_transfer = False
        self.stays_open = False

    def enter(self, stage: Stage, seconds: float) -> None:
        self.stage, self.until, self.moved = stage, time.monotonic() + seconds, 0

    @property
    def is_late(self) -> bool:
        """Whether its time is over. What moves has as much longer as it needs at the slowest rate."""
        moves = self.stage in (Stage.BODY, Stage.LEAVING)
        return time.monotonic() > self.until + (self.moved / SLOWEST if moves else 0)

    def next_request(self, surplus: bytes) -> None:
        """Begin anew, with what has come already."""
        self.request.discard()
        self.request = ArrivingRequest(self._folder, self._longest_kept)
        self.is_transfer = False
        if surplus:
            self.request.take(surplus)

    # What gunicorn calls, in a thread.

    def recv(self, size: int) -> bytes:
        data = self.request.read(size)
        if data is not None:
            return data
        data = bytes(self._patiently(lambda: self.sock.recv(size), len))
        self.request.note_read(len(data))
        return data

    def send(self, data: bytes) -> int:
        if data == _CONTINUE and not self.request.is_streamed:
            # The body is here already.
            return len(data)
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.outbox.append(memoryview(data))
        self.waiting += len(data)
        if self.is_transfer:
            while self.outbox:
                self._patiently(self._send_one, lambda sent: sent)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Read a file into the answer. Only small ones come here."""
        file.seek(offset)
        data: bytes = file.read() if count is None else file.read(count)
        self.sendall(data)
        return len(data)

    def gettimeout(self) -> float:
        # gunicorn asks before it writes of a refusal.
        return 0.0

    def _patiently(self, move: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        """Wait for the other side, as long as it is no slower than the slowest that we wait for."""
        left = self._patience + self.moved / SLOWEST - self._waited
        if left <= 0:
            raise TimeoutError("The other side is too slow.")
        self.sock.settimeout(left)
        begun = time.monotonic()
        try:
            result = move()
        finally:
            self._waited += time.monotonic() - begun
            self.sock.setblocking(False)
        self.moved += size(result)
        return result

    def begin_transfer(self) -> None:
        self.is_transfer, self.moved, self._waited = True, 0, 0.0

    # What the poller calls, and a thread at the end of an answer.

    def say_continue(self) -> None:
        self.sock.send(_CONTINUE)

    def flush(self) -> int:
        """Send what the other side takes now; give how much that was. Raises OSError where it is gone."""
        gone = 0
        try:
            while self.outbox:
                gone += self._send_one()
        except (BlockingIOError, InterruptedError):
            pass
        return gone

    def _send_one(self) -> int:
        if len(self.outbox) > 1 and len(self.outbox[0]) < _PIECE:
            self._join()
        sent = self.sock.send(self.outbox[0][:_PIECE])
        self.waiting -= sent
        if sent == len(self.outbox[0]):
            self.outbox.popleft()
        else:
            self.outbox[0] = self.outbox[0][sent:]
        return sent

    def _join(self) -> None:
        """Let small pieces, such as a head and its body, go in one."""
        together = bytearray()
        while self.outbox and len(together) < _PIECE:
            together += self.outbox.popleft()
        self.outbox.appendleft(memoryview(bytes(together)))

    def half_close(self) -> None:
        """Say that nothing more comes: with bytes unread, closing would take the end of the answer back."""
        self.sock.shutdown(socket.SHUT_WR)

    def empty(self) -> None:
        self.outbox.clear()
        self.waiting = 0

    def close(self) -> None:
        self.request.discard()
        self.empty()
        self.sock.close()
