"""What `manage.py serve` takes after its start, web and worker together: what its processes share counts once."""

from __future__ import annotations

import re
import time
from pathlib import Path

from bench.setting import Setting
from bench.web import family, served


def measure(setting: Setting) -> None:
    with served() as (_port, server):
        time.sleep(10)  # until every process of the cluster has come up
        taken, processes = mebibytes(server), len(family(server))
    print(f"  {taken:.0f} MiB in {processes} processes   target at most 250")


def mebibytes(server: int) -> float:
    """Give what a process and those below it take."""
    return sum(_proportional(pid) for pid in family(server)) / 1024


def _proportional(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
