"""Values judged a second on one core, with many automations of other projects around; and a backtest."""

from __future__ import annotations

import time
from datetime import timedelta

from bench.setting import Setting

_CHUNKS, _ROWS = 200, 1_000
_TARGET = 50_000
_BACKTEST_TARGET_SECONDS = 5.0


def measure(setting: Setting) -> None:
    from bench.scene import Watched

    watched, least = Watched.by_one(), _TARGET
    _rate(watched)  # the first pays for imports
    for automations in (10, 1_000, 100_000):
        watched.surround(automations - 1)
        rate = max(_rate(watched) for _ in range(3))
        print(f"  {automations:7,} automations  {rate:9,.0f} values/s   target {least:,.0f}", flush=True)
        least = max(_TARGET, rate) / 2 if automations == 10 else least
    runs, steps = 1_000, 1_000
    seconds = _backtest_seconds(runs, steps)
    print(f"  backtest over {runs:,} runs of {steps:,} steps  {seconds:.1f} s   target {_BACKTEST_TARGET_SECONDS} s")


def _rate(watched: object) -> float:
    from automations.engine.evaluation import evaluate

    watched.log(_CHUNKS, _ROWS)  # type: ignore[attr-defined]
    begun = time.perf_counter()
    while evaluate():
        pass
    return _CHUNKS * _ROWS / (time.perf_counter() - begun)


def _backtest_seconds(runs: int, steps: int) -> float:
    from django.utils import timezone

    from automations.insight.backtest import backtest
    from bench.scene import Watched

    watched, until = Watched.by_one("past"), timezone.now() + timedelta(minutes=1)
    watched.past_runs(runs, steps)
    begun = time.perf_counter()
    found = backtest(watched.automation, until - timedelta(days=1), until)
    assert (found.subjects, found.failures) == (runs, [])
    return time.perf_counter() - begun
