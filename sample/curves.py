"""Synthetic training histories for the sample: seeded random numbers, pure, the same at each start."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.history.row_values import HistoryRow

ROWS_AN_EPOCH = 20


@dataclass(frozen=True)
class CurvePlan:
    """One run as a story: how it learns, and how it ends."""

    name: str
    display_name: str
    hours_ago: float
    minutes: float
    learning_rate: float
    epochs: int = 10
    floor: float = 0.06
    diverges_at: int | None = None
    bump_at: int | None = None
    exit_code: int | None = 0  # None: it went silent
    tags: tuple[str, ...] = ()
    group: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return self.epochs * ROWS_AN_EPOCH


def history(plot: CurvePlan, begun_at: float) -> list[HistoryRow]:
    """Give the rows of a run that began at this time, in seconds since 1970."""
    return list(_history(plot, begun_at, random.Random(plot.name)))


def _history(plot: CurvePlan, begun_at: float, dice: random.Random) -> Iterator[HistoryRow]:
    drift = 0.0
    for step in range(plot.steps):
        drift = 0.85 * drift + dice.gauss(0, 0.02)
        share = step / plot.steps
        loss = _loss(plot, step, share) * (1 + drift)
        row: dict[str, Any] = {
            "_step": step,
            "_timestamp": begun_at + plot.minutes * 60 * share,
            "epoch": round(step / ROWS_AN_EPOCH, 2),
            "train/loss": loss,
            "train/grad_norm": _gradient(plot, step, share, dice),
            "lr": plot.learning_rate * min(1.0, (step + 1) / 20) * (0.5 + 0.5 * math.cos(math.pi * share)),
        }
        if step % 5 == 4:
            row |= {"val/loss": loss * 1.12 + 0.02 + dice.gauss(0, 0.008), "val/accuracy": _accuracy(loss, dice)}
        yield row


def _loss(plot: CurvePlan, step: int, share: float) -> float:
    if plot.diverges_at is not None and step >= plot.diverges_at:
        past = step - plot.diverges_at
        return float("nan") if past > 24 else 0.35 * math.exp(past / 7)
    bump = 0.0
    if plot.bump_at is not None and step >= plot.bump_at:
        bump = 0.9 * math.exp(-(step - plot.bump_at) / 14)
    return plot.floor + (2.3 - plot.floor) * math.exp(-share * 7) + bump


def _gradient(plot: CurvePlan, step: int, share: float, dice: random.Random) -> float:
    if plot.diverges_at is not None and step >= plot.diverges_at:
        past = step - plot.diverges_at
        return float("inf") if past > 22 else 2 * math.exp(past / 4)
    return float(0.4 + 3 * math.exp(-share * 5)) * dice.uniform(0.75, 1.3)


def _accuracy(loss: float, dice: random.Random) -> float:
    return 0.1 if math.isnan(loss) else max(0.1, min(0.995, 1 - loss * 0.42 + dice.gauss(0, 0.004)))


def system(plot: CurvePlan, begun_at: float) -> list[HistoryRow]:
    """Give what the machine told of itself meanwhile, each quarter of a minute at most."""
    dice, count = random.Random(plot.display_name), 60
    return [
        {
            "_timestamp": begun_at + plot.minutes * 60 * place / count,
            "_runtime": plot.minutes * 60 * place / count,
            "system.cpu": 38 + 9 * math.sin(place / 5) + dice.uniform(-4, 4),
            "system.memory": 41 + place / 12 + dice.uniform(-0.4, 0.4),
            "system.gpu.0.gpu": 93 + dice.uniform(-9, 5),
            "system.gpu.0.temp": 71 - 12 * math.exp(-place / 8) + dice.uniform(-0.7, 0.7),
        }
        for place in range(count)
    ]
