"""Charts as plain geometry."""

from __future__ import annotations

import math
import re

import pytest

from projects.charts.geometry import BOTTOM, LEFT, RIGHT, TOP, chart_panels
from projects.charts.series import Series

NAN, INF = math.nan, math.inf


def draw(values: list[float], steps: list[float] | None = None) -> object:
    (panel,) = chart_panels([Series("loss", steps or list(range(len(values))), values)])
    return panel


def coordinates(panel: object) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", panel.line)]  # type: ignore[attr-defined]


def test_a_line_runs_from_edge_to_edge_and_up_means_more() -> None:
    drawn = coordinates(draw([0.0, 1.0, 2.0]))
    assert [x for x, _ in drawn] == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    assert drawn[0][1] > drawn[1][1] > drawn[2][1]


def test_nan_is_a_gap_with_a_mark() -> None:
    panel = draw([1.0, 2.0, NAN, 3.0, 4.0])
    assert panel.line.count("M") == 2  # type: ignore[attr-defined]
    assert [(mark.label, mark.y) for mark in panel.outliers] == [("NaN at step 2", f"{BOTTOM:.1f}")]  # type: ignore[attr-defined]
    assert "1 of the values drawn are NaN" in panel.description  # type: ignore[attr-defined]


def test_infinity_is_marked_at_the_top() -> None:
    (mark,) = draw([1.0, INF]).outliers  # type: ignore[attr-defined]
    assert (mark.label, mark.y) == ("Infinity at step 1", f"{TOP:.1f}")


def test_a_value_alone_between_gaps_is_a_dot() -> None:
    first, second = coordinates(draw([NAN, 5.0, NAN]))
    assert first == second


@pytest.mark.parametrize(
    "values",
    [[1.0], [0.0, 0.0], [NAN], [INF, -INF, NAN], [1e308, -1e308], [5e-324, 0.0], [1e15, 1e15 + 1], [-3.0, -3.0]],
    ids=["one", "flat zero", "only NaN", "nothing finite", "the whole range", "denormal", "far away", "flat"],
)
def test_every_value_stays_inside_the_panel(values: list[float]) -> None:
    panel = draw(values)
    for x, y in coordinates(panel):
        assert LEFT <= x <= RIGHT
        assert TOP <= y <= BOTTOM
    for tick in [*panel.up, *panel.across]:  # type: ignore[attr-defined]
        assert math.isfinite(float(tick.at))
    assert len(panel.up) <= 7  # type: ignore[attr-defined]


def test_a_step_that_is_no_number_is_left_out() -> None:
    assert len(coordinates(draw([1.0, 2.0, 3.0], steps=[0.0, NAN, 2.0]))) == 2
    assert chart_panels([Series("loss", [NAN], [1.0])]) == []


def test_axes_carry_round_numbers() -> None:
    panel = draw([0.0, 1.0], steps=[0.0, 20_000.0])
    assert [tick.label for tick in panel.up] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]  # type: ignore[attr-defined]
    assert [tick.label for tick in panel.across] == ["0", "5k", "10k", "15k", "20k"]  # type: ignore[attr-defined]
