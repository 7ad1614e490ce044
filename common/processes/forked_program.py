"""Forked programs: a program of ours begins as a copy of this process, and shares the memory of what is loaded.

A program that is executed imports Django and all of our code once more: a second of CPU, and 80 MiB.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import platform
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from django.db import connections

from common.processes import parent_death

_M_ARENA_MAX, _ARENAS = -8, 2
_HANDLED = (signal.SIGTERM, signal.SIGINT)


def is_possible() -> bool:
    """Whether a copy of this process can go on: of several threads only one would be in it."""
    # macOS's own libraries end a forked process that uses them.
    return sys.platform == "linux" and threading.active_count() == 1


def fork(arguments: list[str], environment: dict[str, str], *, folder: Path) -> int:
    """Begin a program in a session of its own, as `python -m common.processes.parent_death` would; give its process."""
    # A connection of two processes is none: SQLite would lose its locks, PostgreSQL its order.
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    # What is loaded stays for good: a collector that went through it would copy the pages it lies on.
    gc.collect()
    gc.freeze()
    _give_back_memory()
    # Until the child has its own, a signal to it would be noted by our handlers, which nobody looks at there.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    child = os.fork()
    if not child:
        _become(arguments, environment, folder)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child


def run_apart(work: Callable[[], object]) -> None:
    """Do it in a forked process and wait for that: what it takes of memory ends with it. Elsewhere do it here."""
    if not is_possible():
        work()
        return
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _become(arguments: list[str], environment: dict[str, str], folder: Path) -> NoReturn:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(folder)
        os.environ.update(environment)
        sys.argv = ["", *arguments]
        parent_death.main()
        code = 0
    except SystemExit as end:
        code = _code_of(end)
    except BaseException:
        traceback.print_exc()
    finally:
        # As at the end of any program: multiprocessing waits there for its processes, which are all of a cluster.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        # Not `sys.exit`: the calls that our parent was in the middle of are not ours to end.
        os._exit(code)


def _give_back_memory() -> None:
    """Give back what the loading of code took for a moment, and let threads share what they take from here on.

    Else glibc keeps a heap for nearly each thread of each process.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
        libc.malloc_trim(0)


def _code_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1
