"""Measure this Runbell on this machine: `make bench`, or `make bench ONLY=latency` for one of them.

Absolute figures move with the machine; the ratios to the bare limit, taken in the same run, are what counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from bench import (
    abuse,
    burst,
    evaluation,
    file_stream,
    fleet,
    growth,
    history_length,
    isolation,
    latency,
    memory,
    pages,
    restarts,
    wide,
)
from bench.setting import Setting, prepared, started

Measure = Callable[[Setting], None]
WITH_WORKER: dict[str, Measure] = {"latency": latency.measure, "isolation": isolation.measure}
ALONE: dict[str, Measure] = {
    "burst": burst.measure,
    "memory": memory.measure,
    "evaluation": evaluation.measure,
    "history_length": history_length.measure,
    "file_stream": file_stream.measure,
    "fleet": fleet.measure,
    "pages": pages.measure,
    "abuse": abuse.measure,
    "wide": wide.measure,
    "restarts": restarts.measure,
    "growth": growth.measure,
}
BENCHES = WITH_WORKER | ALONE


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {unknown[0]!r}. There are: {', '.join(BENCHES)}")
        return 2
    if len(names) != 1:
        # Each in a process of its own: Django reads its settings once, and each bench has its own data folder.
        return max(subprocess.run([sys.executable, "-m", "bench", name]).returncode for name in names or BENCHES)
    measure = BENCHES[names[0]]
    print(f"\n{names[0]}: {(sys.modules[measure.__module__].__doc__ or '').strip()}", flush=True)
    with started() if names[0] in WITH_WORKER else prepared() as setting:
        measure(setting)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
