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
        kib = {pid: _proportional(pid) for pid in family(server)}
    print(f"  {sum(kib.values()) / 1024:.0f} MiB in {len(kib)} processes   target at most 250")


def _proportional(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
