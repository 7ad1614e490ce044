"""Lease names. A name tells its holder's process, so that what a dead one held is free at once."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

# At the end of the lease of a process that was asked to stop.
_STOPPING = "-s"
_NAME = re.compile(f"([0-9a-f]{{12}})-([0-9]+)-[0-9a-f]+(?:{_STOPPING})?")


def new_lease() -> str:
    return f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def stopping(lease: str) -> str:
    """Give the name under which a process that was asked to stop holds what it still has under way."""
    return lease if is_stopping(lease) else f"{lease}{_STOPPING}"


def is_stopping(lease: str) -> bool:
    return lease.endswith(_STOPPING)


def is_of_this_host(lease: str) -> bool:
    return lease.startswith(f"{_host()}-")


def abandoned(leases: Iterable[str]) -> set[str]:
    """Give those whose process on this host is gone. Of other hosts nothing is known: their leases run out."""
    return {lease for lease in leases if _is_of_a_dead_process(lease)}


def _is_of_a_dead_process(lease: str) -> bool:
    name = _NAME.fullmatch(lease)
    # A number that another process has got meanwhile seems alive: that lease runs out like one of another host.
    return name is not None and name[1] == _host() and not _is_alive(int(name[2]))


def _is_alive(pid: int) -> bool:
    try:
        # The program's name stands in brackets and may hold anything. A zombie sends no more.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@cache
def _host() -> str:
    """Name this start of the machine and this container's view of its processes."""
    try:
        seen = Path("/proc/sys/kernel/random/boot_id").read_text() + os.readlink("/proc/self/ns/pid")
    except OSError:
        # Not Linux: known to nobody, so every lease runs out.
        seen = secrets.token_hex(16)
    return hashlib.sha256(seen.encode()).hexdigest()[:12]
