"""How many cores this process may use: of the machine, of its affinity, and of its container."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

# Of cgroups: how much time in how much time, such as `150000 100000`.
_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def cores(limit: Path = _LIMIT) -> int:
    """Give the number, at least 1; what is left of a core counts as one."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        time, period = limit.read_text().split()
        if time != "max":
            there = min(there, math.ceil(int(time) / int(period)))
    return max(there, 1)
