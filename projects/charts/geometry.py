"""SVG geometry of charts: scales, axis ticks and paths, one panel for each metric; a template draws them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.data.numbers import readable, short
from projects.charts.series import Series

WIDTH, HEIGHT = 360, 160
LEFT, RIGHT, TOP, BOTTOM = 46, WIDTH - 14, 10, HEIGHT - 24
_ROOM = 0.06

PanelPoint = tuple[float, float]


@dataclass(frozen=True)
class AxisTick:
    at: str
    label: str


@dataclass(frozen=True)
class ChartOutlier:
    """A value that is not finite (NaN or infinity), and so has no place on the axis."""

    x: str
    y: str
    label: str


@dataclass(frozen=True)
class ChartPanel:
    """A metric over its steps. Coordinates are text, so that no language writes them with a comma."""

    metric: str
    latest: str
    description: str
    line: str
    outliers: Sequence[ChartOutlier]
    across: Sequence[AxisTick]
    up: Sequence[AxisTick]


@dataclass(frozen=True)
class _Scale:
    """Where values of a range stand between two coordinates."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> str:
        # Halved: the range from the lowest to the highest float is no float.
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return f"{self.start + share * (self.end - self.start):.1f}"

    def ticks(self, most: int) -> list[AxisTick]:
        return [AxisTick(self.at(value), short(value)) for value in _round_numbers(self.low, self.high, most)]


def chart_panels(found: Iterable[Series]) -> list[ChartPanel]:
    drawable = (_points(series) for series in found)
    return [_panel(metric, points) for metric, points in drawable if points]


def _points(series: Series) -> tuple[str, list[PanelPoint]]:
    both = zip(series.steps, series.values, strict=True)
    return series.metric, [(step, value) for step, value in both if math.isfinite(step)]


def _panel(metric: str, points: Sequence[PanelPoint]) -> ChartPanel:
    steps, finite = [x for x, _ in points], [y for _, y in points if math.isfinite(y)]
    across = _Scale(*_span(steps, 0), LEFT, RIGHT)
    up = _Scale(*_span(finite, _ROOM), BOTTOM, TOP)
    return ChartPanel(
        metric=metric,
        latest=readable(points[-1][1]),
        description=_description(points, finite),
        line=_line(points, across, up),
        outliers=[_outlier(x, y, across) for x, y in points if not math.isfinite(y)],
        across=across.ticks(6),
        up=up.ticks(6) if finite else [],
    )


def _span(values: Sequence[float], room: float) -> tuple[float, float]:
    """Give the range to show: never empty, and wider by a share at both ends."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    # Halved as in _Scale, where the two smallest floats are one.
    if low / 2 == high / 2:
        pad = abs(low) * 0.1 or 1.0
        return low - pad, high + pad
    pad = (high / 2 - low / 2) * 2 * room
    return (low - pad, high + pad) if math.isfinite(pad) else (low, high)


def _line(points: Iterable[PanelPoint], across: _Scale, up: _Scale) -> str:
    """Give the path: a new stroke after each gap. A value alone between gaps is a stroke without length: a dot."""
    strokes: list[list[str]] = [[]]
    for x, y in points:
        if math.isfinite(y):
            strokes[-1].append(f"{across.at(x)},{up.at(y)}")
        elif strokes[-1]:
            strokes.append([])
    return " ".join(f"M{' '.join(stroke if len(stroke) > 1 else stroke * 2)}" for stroke in strokes if stroke)


def _outlier(x: float, y: float, across: _Scale) -> ChartOutlier:
    at = TOP if y > 0 else BOTTOM
    return ChartOutlier(across.at(x), f"{at:.1f}", f"{readable(y)} at step {readable(x)}")


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Give multiples of 1, 2 or 5 times a power of ten inside the range, at most so many."""
    rough = (high - low) / most
    if not math.isfinite(rough) or rough < 1e-300:
        return [low, high]
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [place * step for place in range(first, last + 1)]


def _description(points: Sequence[PanelPoint], finite: Sequence[float]) -> str:
    (first_step, first), (last_step, last) = points[0], points[-1]
    said = f"From {readable(first)} at step {readable(first_step)} to {readable(last)} at step {readable(last_step)}."
    if finite:
        said += f" Lowest {readable(min(finite))}, highest {readable(max(finite))}."
    lost = len(points) - len(finite)
    return f"{said} {lost} of the values drawn are NaN or infinite." if lost else said
