"""What a chunk of 100 rows costs, logged and judged, in a run that is short and in one of a million steps."""

from __future__ import annotations

import time
from statistics import median

from bench.setting import Setting

_SHORT, _LONG = 1_000, 1_000_000
_TIMES, _ROWS = 300, 100


def measure(setting: Setting) -> None:
    from bench.scene import Watched

    watched = Watched.by_one()
    runs = {steps: watched.past_run(f"run{steps}", steps) for steps in (_SHORT, _LONG)}
    spent: dict[int, list[float]] = {steps: [] for steps in runs}
    for _ in range(_TIMES):
        # In turn: what else the machine does then slows both.
        for steps, run in runs.items():
            spent[steps].append(_seconds(watched, run))
    for steps, seconds in spent.items():
        print(f"  {steps:9,} steps  {1000 * median(seconds):6.2f} ms a chunk")
    print(f"  ratio {median(spent[_LONG]) / median(spent[_SHORT]):.2f}   target at most 1.20")


def _seconds(watched: object, run: object) -> float:
    from automations.engine.evaluation import evaluate

    begun = time.perf_counter()
    watched.log(1, _ROWS, run)  # type: ignore[attr-defined]
    assert evaluate() == 1
    return time.perf_counter() - begun
