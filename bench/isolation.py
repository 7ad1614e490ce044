"""A healthy receiver beside one that takes 2 s, and beside one that hangs, each with 500 deliveries queued."""

from __future__ import annotations

from bench.latency import waits
from bench.setting import Setting, percentile

_COUNT, _QUEUED = 100, 500


def measure(setting: Setting) -> None:
    from bench.scene import Failing

    receiver = setting.receiver
    healthy = Failing.calling(receiver.url())
    slow, hanging = Failing.calling(receiver.url("slow"), "slow"), Failing.calling(receiver.url("hang"), "hanging")
    healthy.fail_at_once(5, "warm")
    receiver.wait_for(5, 60)
    own = percentile(_measured(setting, healthy, "alone"), 0.5)
    slow.fail_at_once(_QUEUED, "slow")
    beside = percentile(_measured(setting, healthy, "beside"), 0.5)
    print(f"  beside a slow one its p50 is {beside / own:.1f} times its own   target at most 2")
    hanging.fail_at_once(_QUEUED, "stuck")
    _measured(setting, healthy, "hung")
    print("  target beside one that hangs        p99 1000 ms")


def _measured(setting: Setting, healthy: object, what: str) -> list[float]:
    spent = waits(setting, healthy, _COUNT, what)
    p50, p99 = percentile(spent, 0.5), percentile(spent, 0.99)
    print(f"  {what:8}  p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   of {_COUNT}", flush=True)
    return spent
