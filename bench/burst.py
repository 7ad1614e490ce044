"""Deliveries a second with full history rows, beside a bare requests.Session loop to the same receiver."""

from __future__ import annotations

import time
from statistics import median

import requests
from django.db.models import Max

from bench.setting import Setting, working

_COUNT, _ROUNDS = 2000, 3


def measure(setting: Setting) -> None:
    from bench.scene import Failing

    failing = Failing.calling(setting.receiver.url())
    with working():
        failing.fail_at_once(50, "warm")  # the first pay for imports
        setting.receiver.wait_for(50, 60)
        rounds = [_drained(setting, failing, number) for number in range(_ROUNDS)]
        _print("drained, events committed before", rounds)
        rounds = [_written_meanwhile(setting, failing, number) for number in range(_ROUNDS)]
        _print("while the events are written", rounds)
    print(f"  target                                {300:5.0f}/s   50 % of the bare loop")


def _drained(setting: Setting, failing: object, number: int) -> tuple[float, float]:
    """Give deliveries a second from the commit of all events to the last stored row, and the bare loop's."""
    bare = _bare(setting.receiver.url())
    there = _newest()
    failing.fail_at_once(_COUNT, f"drained{number}-")  # type: ignore[attr-defined]
    rate = _rate_until_stored(there, time.monotonic())
    return rate, (bare + _bare(setting.receiver.url())) / 2


def _written_meanwhile(setting: Setting, failing: object, number: int) -> tuple[float, float]:
    """The same from the first event, each in a transaction of its own."""
    runs = failing.runs(_COUNT, f"written{number}-")  # type: ignore[attr-defined]
    bare = _bare(setting.receiver.url())
    there, begun = _newest(), time.monotonic()
    for run in runs:
        failing.fail(run)  # type: ignore[attr-defined]
    print(f"  events written                        {_COUNT / (time.monotonic() - begun):5.0f}/s", flush=True)
    rate = _rate_until_stored(there, begun)
    return rate, (bare + _bare(setting.receiver.url())) / 2


def _print(what: str, rounds: list[tuple[float, float]]) -> None:
    rate, bare = median(rate for rate, _bare in rounds), median(bare for _rate, bare in rounds)
    share = median(100 * rate / bare for rate, bare in rounds)
    print(f"  {what:36}  {rate:5.0f}/s   {share:.0f} % of the bare loop's {bare:.0f}/s", flush=True)


def _newest() -> int:
    from automations.models import Attempt

    return Attempt.objects.aggregate(newest=Max("id"))["newest"] or 0


def _rate_until_stored(there: int, begun: float) -> float:
    """Wait for attempts after this one. It looks seldom and at little: it shares the machine with what it measures."""
    from automations.models import Attempt

    new = Attempt.objects.filter(ok=True, id__gt=there)
    while (stored := new.count()) < _COUNT:
        if time.monotonic() - begun > 300:
            raise SystemExit(f"only {stored} of {_COUNT} were delivered within 300 s")
        time.sleep(0.05)
    return _COUNT / (time.monotonic() - begun)


def _bare(url: str) -> float:
    session, begun = requests.Session(), time.monotonic()
    for _ in range(1000):
        session.post(url, data=b"{}", timeout=10)
    return 1000 / (time.monotonic() - begun)
