"""Parent death signal (PR_SET_PDEATHSIG): run a program so that it, and all that it forks, dies with its parent.

    python -m common.processes.parent_death PARENT manage.py qcluster
    python -m common.processes.parent_death PARENT gunicorn --bind ...

Linux alone tells a process of its parent's death. Elsewhere the program runs just the same, and outlives it.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2]
    del sys.argv[:2]
    _ParentDeathSignal(parent).arm()
    if program.endswith(".py"):
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


class _ParentDeathSignal:
    """The kernel's promise reaches one generation, so each forked process asks for its own."""

    def __init__(self, parent: int) -> None:
        self._pid = parent
        # Found before any fork: a forked process should do as little as it can.
        self._prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def arm(self) -> None:
        self._ask_kernel()
        os.register_at_fork(after_in_child=self._ask_kernel)

    def _ask_kernel(self) -> None:
        parent, self._pid = self._pid, os.getpid()
        if self._prctl is None:
            return
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It died before the kernel knew of our wish.
            os._exit(1)


if __name__ == "__main__":
    main()
