"""The data folder on a shared machine: what we write there is for its owner alone, whatever the umask.

The folder itself may be one that was there before, and that others can open: each file of ours is closed to them.
"""

from __future__ import annotations

import glob
import os
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

# What earlier versions, SQLite and a generous umask may have left open. Below a folder nothing else can be reached.
OURS = ("*.sqlite3", "*.sqlite3-*", "*.key", "sign-in.*", "artifacts", "*.log", "*.beat*", "tmp")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private(folder: Path) -> None:
    """Close what is in the folder to others, and let this process and its children write nothing that is open."""
    os.umask(os.umask(_OTHERS) | _OTHERS)
    for pattern in OURS:
        for path in folder.glob(pattern):
            _close(path)


def close_database(path: Path) -> None:
    """Close a SQLite database that is there to others. What SQLite writes beside it gets the mode of this file."""
    for one in (path, *path.parent.glob(f"{glob.escape(path.name)}-*")):
        _close(one)


def is_ours(path: Path, folder: Path) -> bool:
    """Say whether it is one of those files, or below one of those folders, whatever links lead there."""
    with suppress(ValueError):
        parts = path.resolve().relative_to(folder.resolve()).parts
        return bool(parts) and any(fnmatchcase(parts[0], pattern) for pattern in OURS)
    return False


def is_open(path: Path) -> bool:
    """Say whether others than its owner may list, read or write it."""
    return bool(path.stat().st_mode & _OTHERS)


def _close(path: Path) -> None:
    # Another process may take it away meanwhile; what belongs to somebody else stays as it is.
    with suppress(OSError):
        found = path.lstat()
        if found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
