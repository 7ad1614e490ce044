"""What charts are drawn from."""

from __future__ import annotations

import json
import math

from django.test import Client

from projects.runs.ingest import ingest_rows
from tests.pages.people import PROJECT
from tests.world import World

ADDRESS = f"{PROJECT}/runs/run1/metrics"


def test_each_metric_comes_with_its_places_on_each_axis(bob: Client, world: World) -> None:
    rows = [
        {"_step": step * 10, "_timestamp": 1000.5 + step, "epoch": step / 2, "loss": 1 / 2**step} for step in range(3)
    ]
    ingest_rows(world.run(), 0, rows)
    metrics = bob.get(ADDRESS).json()["metrics"]
    assert metrics["loss"] == {
        "step": [0, 10, 20],
        "values": [1, 0.5, 0.25],
        "time": [1000.5, 1001.5, 1002.5],
        "epoch": [0, 0.5, 1],
    }


def test_nan_and_infinity_are_words_for_json_has_none(bob: Client, world: World) -> None:
    ingest_rows(world.run(), 0, [{"loss": value} for value in (math.nan, math.inf, -math.inf, 1.5)])
    answer = bob.get(ADDRESS)
    json.loads(answer.content, parse_constant=lambda word: (_ for _ in ()).throw(AssertionError(word)))
    assert answer.json()["metrics"]["loss"]["values"] == ["NaN", "Infinity", "-Infinity", 1.5]


def test_an_axis_that_not_every_point_is_on_is_left_out(bob: Client, world: World) -> None:
    ingest_rows(world.run(), 0, [{"loss": 1, "_timestamp": 5}, {"loss": 2}, {"_timestamp": 7, "acc": 1}])
    metrics = bob.get(ADDRESS).json()["metrics"]
    assert set(metrics["loss"]) == {"step", "values"}
    assert metrics["acc"]["time"] == [7]


def test_a_long_history_is_thinned_out(bob: Client, world: World) -> None:
    ingest_rows(world.run(), 0, [{"_step": step, "loss": step} for step in range(2000)])
    steps = bob.get(ADDRESS).json()["metrics"]["loss"]["step"]
    assert (len(steps), steps[0], steps[-1]) == (500, 0, 1999)
