"""From a committed event to the first byte at a receiver on this machine, 20 a second, default set-up."""

from __future__ import annotations

import time

import requests

from bench.setting import Setting, percentile

_COUNT, _EACH_SECONDS, _OTHERS = 200, 0.05, 10_000


def measure(setting: Setting) -> None:
    from bench.scene import Failing, surround

    failing = Failing.calling(setting.receiver.url())
    failing.fail_at_once(5, "warm")  # the worker's first deliveries pay for its imports
    setting.receiver.wait_for(5, 60)
    _print("alone", waits(setting, failing, _COUNT, "alone"))
    surround(failing.automation, _OTHERS)
    _print(f"beside {_OTHERS:,} automations", waits(setting, failing, _COUNT, "beside"))
    _print("bare requests.post", _bare(setting.receiver.url()))
    print("  target                      p50   50.0 ms   p99  250.0 ms (in any case 100 and 500)")


def waits(setting: Setting, failing: object, count: int, prefix: str) -> list[float]:
    """Let so many runs fail, 20 a second, and give the milliseconds from each commit to its first byte."""
    runs = failing.runs(count, prefix)  # type: ignore[attr-defined]
    there, committed = len(setting.receiver.arrived), {}
    for run in runs:
        failing.fail(run)  # type: ignore[attr-defined]
        committed[run.name] = time.time()
        time.sleep(_EACH_SECONDS)
    setting.receiver.wait_for(there + count, 60)
    arrived = setting.receiver.arrived
    return [1000 * (arrived[name] - at) for name, at in committed.items()]


def _print(what: str, spent: list[float]) -> None:
    p50, p99 = percentile(spent, 0.5), percentile(spent, 0.99)
    print(f"  {what:26}  p50 {p50:6.1f} ms   p99 {p99:6.1f} ms", flush=True)


def _bare(url: str) -> list[float]:
    session, spent = requests.Session(), []
    for _ in range(_COUNT):
        begun = time.perf_counter()
        session.post(url, data=b"{}", timeout=10)
        spent.append(1000 * (time.perf_counter() - begun))
    return spent
