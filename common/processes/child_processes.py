"""Child processes: programs of ours, started, watched, stopped politely (SIGTERM) and then hard (SIGKILL)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

POLL_SECONDS = 0.1
_ROOT = Path(__file__).resolve().parents[2]


class StopSignal:
    """SIGTERM and SIGINT, noted for whoever looks: `received` at the first, `is_urgent` at the second."""

    def __init__(self) -> None:
        self.received = self.is_urgent = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # Not a threading.Event: its lock may be held by the very code that the signal interrupts.
        self.is_urgent, self.received = self.received, True


class Child:
    """A program in a session of its own: signals to our group pass it by, and it dies with us however we end.

    Start it from the main thread: the kernel takes the end of the starting thread for ours.
    """

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "common.processes.parent_death", str(os.getpid()), *command],
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
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
        self._process.wait()


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
