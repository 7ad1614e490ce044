"""What automations ought to tell, by brute force: all that ever happened is kept, and searched anew each time.

Nothing here is shared with the product. Times are whole microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass(frozen=True)
class Logged:
    """What a row says of the metric (MISSING: nothing), and the number that means, if any."""

    value: object
    means: float | None


MISSING = object()
# Where it stops (a step, or none was logged), what was measured, and the values it was measured of.
Told = tuple[object, float, list[float]]


@dataclass
class Log:
    """One run's whole history: the step and the number of each value, in the order of arrival."""

    steps: list[object] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)

    def add(self, step: object, logged: Logged) -> bool:
        if logged.means is None:
            return False
        self.steps.append(step)
        self.numbers.append(logged.means)
        return True


def threshold(params: dict[str, Any], log: Log, start: int) -> Told | None:
    """Give the first value from the `start`-th on whose window holds."""
    size = 1 if params["aggregation"] == "latest" else params["window"]
    for place in range(max(start, size - 1), len(log.numbers)):
        window = log.numbers[place + 1 - size : place + 1]
        measure = aggregate(params["aggregation"], window)
        if COMPARE[params["comparison"]](measure, params.get("threshold")):
            return log.steps[place], measure, window
    return None


def change(params: dict[str, Any], log: Log, start: int) -> Told | None:
    """Give the first value from the `start`-th on where the two windows that end there lie apart."""
    latest = params["aggregation"] == "latest"
    size, before = (1, 1) if latest else (params["window"], params["prior_window"])
    for place in range(max(start, size + before - 1), len(log.numbers)):
        end = place + 1
        window, prior_window = log.numbers[end - size : end], log.numbers[end - size - before : end - size]
        prior, current = (aggregate(params["aggregation"], part) for part in (prior_window, window))
        if params["change"] == "relative" and prior == 0:
            continue
        moved = current - prior if params["change"] == "absolute" else (current - prior) / abs(prior)
        if _is_far(moved, params["direction"], params["amount"]):
            return log.steps[place], moved, window
    return None


def zscore(params: dict[str, Any], log: Log, start: int, peers: Sequence[float]) -> Told | None:
    """Give the first value from the `start`-th on that is far from the peers, in exact arithmetic."""
    if len(peers) < 3:
        return None
    exact = [Fraction(peer) for peer in peers]
    mean = sum(exact) / len(exact)
    variance = sum((peer - mean) ** 2 for peer in exact) / (len(exact) - 1)
    if variance == 0:
        return None
    for place in range(start, len(log.numbers)):
        value = log.numbers[place]
        if math.isnan(value):
            continue
        distance = math.copysign(math.inf, value) if math.isinf(value) else Fraction(value) - mean
        is_out = math.isinf(value) or distance**2 >= Fraction(params["threshold"]) ** 2 * variance
        if is_out and {"increase": distance > 0, "decrease": distance < 0, "any": True}[params["direction"]]:
            return log.steps[place], float(distance) / math.sqrt(variance), [value]
    return None


def peers(logs: dict[int, Log], started: dict[int, int], me: int, count: int) -> list[float]:
    """Give the last values of the `count` most recently started other runs that stand at a finite one."""
    others = sorted((run for run in logs if run != me), key=lambda run: (started[run], run), reverse=True)
    last = [logs[run].numbers[-1] for run in others if logs[run].numbers]
    return [value for value in last if math.isfinite(value)][:count]


def aggregate(aggregation: str, window: Sequence[float]) -> float:
    if aggregation == "latest":
        return window[-1]
    if any(math.isnan(value) for value in window):
        return math.nan
    if aggregation in ("min", "max"):
        return {"min": min, "max": max}[aggregation](window)
    infinite = [value for value in window if math.isinf(value)]
    if infinite:
        return sum(infinite)
    total = sum(Fraction(value) for value in window)
    try:
        return float(total) / len(window)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def _is_far(moved: float, direction: str, amount: float) -> bool:
    far = {"increase": moved >= amount, "decrease": moved <= -amount, "any": moved >= amount or moved <= -amount}
    return far[direction]


COMPARE: dict[str, Callable[[float, Any], bool]] = {
    "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "not_finite": lambda a, _b: not math.isfinite(a),
}  # fmt: skip


@dataclass(frozen=True)
class Bell:
    """One time the condition held: of which run, when, and how often each reason keeps silent."""

    run: int
    at: int


# What became of a bell: ("fired",), ("cooldown", run, since) or ("rate", since).
Fate = tuple[object, ...]


def fates(bells: Sequence[Bell], *, cooldown_seconds: int, rate_limit: int) -> Iterator[Fate]:
    """Say of each bell, in the order of time, whether it is told, or what keeps it silent."""
    told: list[Bell] = []
    for bell in bells:
        resting = [one.at for one in told if one.run == bell.run and bell.at < one.at + cooldown_seconds * SECOND]
        lately = [one.at for one in told if one.at > bell.at - MINUTE]
        if resting:
            yield "cooldown", bell.run, resting[-1]
        elif rate_limit and len(lately) >= rate_limit:
            yield "rate", lately[0]
        else:
            told.append(bell)
            yield ("fired",)
