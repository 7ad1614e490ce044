"""Child processes: programs of ours, started, watched, stopped politely (SIGTERM) and then hard (SIGKILL)."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from common.processes import forked_program

POLL_SECONDS = 0.1
# The same where nothing else happens for days. A signal does not wait for it.
SELDOM_SECONDS = 0.5
_ROOT = Path(__file__).resolve().parents[2]


class StopSignal:
    """SIGTERM and SIGINT, noted for whoever looks: `received` at the first, `is_urgent` at the second."""

    def __init__(self) -> None:
        self.received = self.is_urgent = False
        self._pipe, self._rung = os.pipe()
        os.set_blocking(self._rung, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # Not a threading.Event: its lock may be held by the very code that the signal interrupts.
        self.is_urgent, self.received = self.received, True
        with suppress(BlockingIOError):
            os.write(self._rung, b".")

    def wait(self, seconds: float) -> None:
        """Sleep for so long, or until the first signal, which may have come already."""
        select.select([self._pipe], [], [], seconds)


class Child:
    """A program in a session of its own: signals to our group pass it by, and it dies with us however we end.

    Start it from the main thread: the kernel takes the end of the starting thread for ours. With `shares_memory` it is
    forked where that is possible: the code that we have loaded is then in memory once, and is not loaded again.
    """

    def __init__(
        self, *command: str, environment: Mapping[str, str] | None = None, shares_memory: bool = False
    ) -> None:
        start = _Forked if shares_memory and forked_program.is_possible() else _executed
        self._process = start([str(os.getpid()), *command], dict(environment or {}))
        self._is_cleared = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """A minus and the number where a signal ended it; None while it runs."""
        return self._process.poll()

    def has_ended(self) -> bool:
        """Whether the program itself has; what it forked may still be there until `kill`."""
        return self.exit_code is not None

    def terminate(self) -> None:
        """Send SIGTERM to the program, and not to what it forked: django-q2's cluster hangs on the latter."""
        self._process.terminate()

    def kill(self) -> None:
        """End everything in its session at once, also what is left of a program that has ended."""
        if self._is_cleared:
            return
        self._is_cleared = True
        # Nobody is left of the group; macOS says so with a PermissionError.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if not self.has_ended():
            # It had no session of its own yet.
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._process.wait()


def _executed(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "common.processes.parent_death", *arguments],
        cwd=_ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


class _Forked:
    """A forked program, as `subprocess` shows one."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.pid = forked_program.fork(arguments, environment, folder=_ROOT)
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._reap(os.WNOHANG)

    def wait(self) -> int | None:
        return self._reap(0)

    def _reap(self, options: int) -> int | None:
        if self._code is None:
            ended, status = os.waitpid(self.pid, options)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def stop_all(children: Iterable[Child], seconds: float, stop: StopSignal) -> None:
    """Ask all to end, give them this time together, or until a second signal, and leave nothing of them behind."""
    children = list(children)
    deadline = time.monotonic() + seconds
    for child in children:
        child.terminate()
    while time.monotonic() < deadline and not stop.is_urgent and not all(child.has_ended() for child in children):
        time.sleep(POLL_SECONDS / 2)
    for child in children:
        child.kill()
