"""Judging through the ledger, against brute force: chunks in any order and batch, and memory lost at any time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from automations.engine.evaluation import evaluate
from automations.models import Execution, WindowState
from projects.models import Run
from projects.runs.ingest import ingest_rows
from tests import oracle
from tests.automations.test_properties import (
    AGGREGATION,
    DIRECTION,
    LATER,
    LOGGED,
    METRIC,
    QUARTERS,
    START,
    Chunk,
    points,
    row,
)  # fmt: skip
from tests.examples import stored
from tests.oracle import Bell, Log
from tests.world import World


@pytest.fixture
def hooked(world: World) -> World:
    world.webhook("http://127.0.0.1:8009/")
    # The times of its rows count up from 0.
    world.project.acts_on_late_values = True
    world.project.save(update_fields=["acts_on_late_values"])
    return world


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# The run, whether its machine says it, whether it is judged at once, and whether what was remembered is lost.
Delivery = tuple[tuple[int, bool, bool, bool], Chunk]


def deliveries(values: list[oracle.Logged], runs: int, *, streams: tuple[bool, ...]) -> st.SearchStrategy[Any]:
    how = st.sampled_from(list(product(range(runs), streams, [False, False, True], [False, False, True])))
    return st.lists(st.tuples(how, st.lists(points(values), min_size=1, max_size=5)), min_size=runs, max_size=12)


def deliver(runs: list[Run], traffic: list[Delivery]) -> None:
    """Log each chunk, those of every second run last line first; what is sent again changes nothing."""
    for place, ((number, is_system, is_judged, is_forgotten), chunk) in enumerate(traffic):
        offset = 10 * place if number % 2 else 10 * (len(traffic) - place)
        stream = "system" if is_system else "history"
        # Each says its own time, as the SDK's rows do: no two are the same row.
        rows = [{**row(point), "_timestamp": 10.0 * place + line} for line, point in enumerate(chunk)]
        ingest_rows(runs[number], offset, rows, stream)
        is_counted_anew = is_system or all("_step" in one for one in rows)
        ingest_rows(runs[number], offset + 1000 * is_counted_anew, rows, stream)
        if is_judged:
            evaluate()
        if is_forgotten:
            WindowState.objects.all().delete()
    while evaluate():
        pass


def assert_told(expected: list[oracle.Told]) -> None:
    found = [
        (one["metric_step"], one["metric_value"], one["metric_values"])
        for one in Execution.objects.order_by("id").values_list("kept_variables", flat=True)
    ]
    assert repr([(step, window) for step, _measure, window in found]) == repr([(one[0], one[2]) for one in expected])
    for (_step, measure, _window), (_same_step, wanted, _same_window) in zip(found, expected, strict=True):
        assert repr(measure) == repr(wanted) or math.isclose(measure, wanted, rel_tol=1e-12)


def told_of_windows(find: Any, params: dict[str, Any], traffic: list[Delivery]) -> list[oracle.Told]:
    logs: dict[tuple[int, bool], Log] = {}
    found = []
    for (number, is_system, _is_judged, _is_forgotten), chunk in traffic:
        log = logs.setdefault((number, is_system), Log())
        start = len(log.numbers)
        for step, _is_nested, logged in chunk:
            log.add(step, logged)
        found.append(find(params, log, start))
    return [one for one in found if one]


WINDOWED = deliveries(LOGGED, 2, streams=(False, False, True))


@given(AGGREGATION, st.integers(1, 5), st.sampled_from(["gt", "lte", "ne"]), WINDOWED)
@stored
def test_the_ledger_meets_thresholds_where_brute_force_says(
    hooked: World, aggregation: str, window: int, comparison: str, traffic: list[Delivery]
) -> None:
    params = {"aggregation": aggregation, "window": window, "comparison": comparison, "threshold": 0.2}
    asked = {"type": "metric_threshold", "metric": METRIC, **params}
    with undone():
        hooked.automation(asked, event="RUN_METRIC", cooldown_seconds=0, rate_limit=0)
        deliver([hooked.run(f"run{number}") for number in range(2)], traffic)
        assert_told(told_of_windows(oracle.threshold, params, traffic))


@given(
    AGGREGATION, st.integers(1, 2), st.integers(1, 3), DIRECTION, st.sampled_from(["absolute", "relative"]), WINDOWED
)
@stored
def test_the_ledger_meets_changes_where_brute_force_says(
    hooked: World, aggregation: str, window: int, prior: int, direction: str, change: str, traffic: list[Delivery]
) -> None:
    params = {"aggregation": aggregation, "window": window, "prior_window": prior, "direction": direction}
    params |= {"change": change, "amount": 0.5}
    asked = {"type": "metric_change", "metric": METRIC, **params}
    with undone():
        hooked.automation(asked, event="RUN_METRIC_CHANGE", cooldown_seconds=0, rate_limit=0)
        deliver([hooked.run(f"run{number}") for number in range(2)], traffic)
        assert_told(told_of_windows(oracle.change, params, traffic))


@given(st.integers(3, 4), st.sampled_from([0.5, 1.0, 2.0]), DIRECTION, deliveries(QUARTERS, 5, streams=(False,)))
@stored
def test_the_ledger_meets_z_scores_where_brute_force_says(
    hooked: World, window: int, limit: float, direction: str, traffic: list[Delivery]
) -> None:
    params = {"window": window, "threshold": limit, "direction": direction}
    asked = {"type": "metric_zscore", "metric": METRIC, **params}
    with undone():
        hooked.automation(asked, event="RUN_METRIC_ZSCORE", cooldown_seconds=0, rate_limit=0)
        deliver([hooked.run(f"run{number}") for number in range(5)], traffic)
        assert_told(told_of_z_scores(params, traffic))


def told_of_z_scores(params: dict[str, Any], traffic: list[Delivery]) -> list[oracle.Told]:
    logs, started = {number: Log() for number in range(5)}, {number: number for number in range(5)}
    found = []
    for (number, *_how), chunk in traffic:
        log, peers = logs[number], oracle.peers(logs, started, number, params["window"])
        start = len(log.numbers)
        for step, _is_nested, logged in chunk:
            log.add(step, logged)
        found.append(oracle.zscore(params, log, start, peers))
    return [one for one in found if one]


# The run, how much later, and whether what waits is judged then.
MOMENTS = st.lists(st.sampled_from(list(product(range(3), LATER, [False, True]))), min_size=1, max_size=16)


@given(st.sampled_from([0, 1, 10, 60, 3600]), st.integers(0, 3), MOMENTS)
@stored
def test_the_ledger_has_cooldowns_and_counts_as_brute_force_says(
    hooked: World, cooldown_seconds: int, rate_limit: int, moments: list[tuple[int, int, bool]]
) -> None:
    bells, at = [], 0
    asked = {"type": "metric_threshold", "metric": METRIC, "aggregation": "latest", "comparison": "gt", "threshold": 1}
    with undone():
        hooked.automation(asked, event="RUN_METRIC", cooldown_seconds=cooldown_seconds, rate_limit=rate_limit)
        runs = [hooked.run(str(number)) for number in range(3)]
        for place, (number, later, is_judged) in enumerate(moments):
            at += later
            bells.append(Bell(number, at))
            with time_machine.travel(START + timedelta(microseconds=at), tick=False):
                ingest_rows(runs[number], place, [{METRIC: 2.0}])
                if is_judged or place == len(moments) - 1:
                    evaluate()
        fates = list(oracle.fates(bells, cooldown_seconds=cooldown_seconds, rate_limit=rate_limit))
        assert_kept(bells, fates)


def assert_kept(bells: list[Bell], fates: list[oracle.Fate]) -> None:
    """Each fired bell is an execution; those that a cooldown suppresses are one, at the first of them, with a count."""
    expected: dict[object, list[Any]] = {}
    for place, (bell, fate) in enumerate(zip(bells, fates, strict=True)):
        key = place if fate[0] == "fired" else fate
        expected.setdefault(key, [fate[0], bell.run, bell.at, 0])[3] += 1
    rows = [(_fate(one), int(one.subject_label), _at(one), one.count) for one in Execution.objects.order_by("id")]
    not_by_rate = [tuple(one) for one in expected.values() if one[0] != "rate"]
    assert sorted(one for one in rows if one[0] != "rate") == sorted(not_by_rate)
    # How many rows tell of the rate limit is a matter of taste; what they count is not.
    assert sum(one[3] for one in rows if one[0] == "rate") == sum(
        one[3] for one in expected.values() if one[0] == "rate"
    )


def _fate(execution: Execution) -> str:
    if execution.state != "suppressed":
        return "fired"
    return "cooldown" if execution.reason.startswith("Cooldown") else "rate"


def _at(execution: Execution) -> int:
    return (execution.occurred_at - START) // timedelta(microseconds=1)
