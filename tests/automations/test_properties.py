"""The pure part of judging, against brute force: no value, chunk or moment may make a difference."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automations.condition import Condition
from automations.conditions.metric_change import MetricChange
from automations.conditions.metric_threshold import MetricThreshold
from automations.conditions.metric_zscore import MetricZScore
from automations.engine.judging import Decision, Judge
from automations.engine.listener import Listener
from automations.engine.replayed import ReplayedEvidence
from automations.engine.restraint import Limits, Pair, Quiet, Restraint
from automations.models import Automation
from events.types import Happening, Subject
from tests import oracle
from tests.oracle import MISSING, Bell, Log, Logged

EXACT = settings(
    max_examples=int(os.environ.get("RUNBELL_EXAMPLES", "1000")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
START = datetime(2026, 1, 5, tzinfo=UTC)
NAN, INF, HUGE = math.nan, math.inf, 1.7e308
LOGGED = [
    *[Logged(value, value) for value in (0.0, -0.0, 0.1, 0.2, 0.3, 1.0, 1.0, 1.1, -1.0, 2.0, 1e300, HUGE, -HUGE)],
    Logged(5e-324, 5e-324), Logged(3, 3.0), Logged(10**400, INF), Logged(-(10**400), -INF),
    Logged(NAN, NAN), Logged(INF, INF), Logged(-INF, -INF), Logged("NaN", NAN), Logged("-Infinity", -INF),
    Logged(MISSING, None), Logged(None, None), Logged("text", None), Logged(True, None), Logged([1.0], None),
]  # fmt: skip
# Quarters: exact in every sum, so that a value may lie on the threshold to the last bit.
QUARTERS = [
    *[Logged(value / 4, value / 4) for value in range(-6, 10)],
    Logged(NAN, NAN), Logged(INF, INF), Logged("NaN", NAN), Logged(MISSING, None), Logged("text", None),
]  # fmt: skip
METRIC = "val.loss"
AGGREGATION = st.sampled_from(["average", "min", "max", "latest"])
DIRECTION = st.sampled_from(["increase", "decrease", "any"])
# The step (steps come in any order, twice, or not at all), whether the metric is nested, and its value.
Point = tuple[int | None, bool, Logged]
Chunk = list[Point]


def points(values: list[Logged]) -> st.SearchStrategy[Point]:
    # One draw in place of three: that is where the time goes.
    return st.sampled_from(list(product([0, 1, 7, -1, None], [False, True], values)))


def chunks(values: list[Logged]) -> st.SearchStrategy[list[Chunk]]:
    return st.lists(st.lists(points(values), min_size=1, max_size=8), min_size=1, max_size=8)


def row(point: Point) -> dict[str, Any]:
    step, is_nested, logged = point
    found: dict[str, Any] = {"lr": 9.0} if step is None else {"_step": step}
    if logged.value is MISSING:
        return found
    return {**found, "val": {"loss": logged.value}} if is_nested else {**found, METRIC: logged.value}


def happening(run: int, rows: list[dict[str, Any]], *, position: int = 0, at: int = 0, started: int = 0) -> Happening:
    facts = {
        "id": run,
        "started_at": START + timedelta(seconds=started),
        "entity_name": "acme",
        "project_name": "mnist",
    }
    return Happening(
        event_id=1,
        kind="run.history",
        actor="ada",
        occurred_at=START + timedelta(microseconds=at),
        subject=Subject(key=f"run:{run}", label="", url="", facts=facts),
        data={"stream": "history", "position": position, "rows": rows},
    )


def listener(kind: type[Condition], params: dict[str, Any], *, rest_seconds: int = 0, rate_limit: int = 0) -> Listener:
    condition = kind(kind.Form.checked({"metric": METRIC, **params}))
    limits = Limits(1, rest_seconds, rate_limit, recovery=False)
    return Listener(Automation(pk=1), (), condition, None, limits)  # type: ignore[arg-type]


class Stored:
    """What earlier batches decided, as the database keeps it."""

    def __init__(self) -> None:
        self.quiets: dict[Pair, Quiet] = {}
        self.told: list[datetime] = []

    def quiet(self, pair: Pair) -> Quiet | None:
        return self.quiets.get(pair)

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        return self.told[-most:]


def told(decisions: list[Decision]) -> list[object]:
    values = [one.verdicts[0].values for one in decisions]
    return [
        one.failure or [value["metric_step"], value["metric_value"], value["metric_values"]]
        for one, value in zip(decisions, values, strict=True)
    ]


def same(found: list[object], expected: oracle.Told | None, *, within: float = 0) -> bool:
    """Whether both tell the same; the measure itself may be rounded."""
    if not (found and expected):
        return not found and not expected
    step, measure, values = found[0]  # type: ignore[misc]
    is_close = repr(measure) == repr(expected[1]) or math.isclose(measure, expected[1], rel_tol=within)
    return len(found) == 1 and is_close and repr((step, values)) == repr((expected[0], expected[2]))


def assert_same(
    bell: Listener, expected_of: Callable[[dict[str, Any], Log, int], oracle.Told | None], history: list[Chunk]
) -> None:
    source, log, position = ReplayedEvidence(), Log(), 0
    judge = Judge(source, Restraint(Stored()))
    assert bell.defining
    for chunk in history:
        start = len(log.numbers)
        for step, _is_nested, logged in chunk:
            log.add(step, logged)
        found = told(judge.hear(bell, happening(1, [row(point) for point in chunk], position=position)))
        expected = expected_of(dict(bell.defining.params), log, start)
        assert same(found, expected), (found, expected)
        position += len(chunk)


@given(AGGREGATION, st.integers(1, 6), st.sampled_from(sorted(oracle.COMPARE)), points(LOGGED), chunks(LOGGED))
@EXACT
def test_a_threshold_is_met_where_brute_force_says(
    aggregation: str, window: int, comparison: str, limit: Point, history: list[Chunk]
) -> None:
    params = {"aggregation": aggregation, "window": window, "comparison": comparison}
    if comparison != "not_finite":
        means = limit[2].means
        params["threshold"] = means if means is not None and math.isfinite(means) else 0.2
    assert_same(listener(MetricThreshold, params), oracle.threshold, history)


@given(
    AGGREGATION, st.integers(1, 4), st.integers(1, 5), DIRECTION, st.sampled_from(["absolute", "relative"]),
    st.sampled_from([0.1, 0.5, 1.0, 2.0, 10.0, 5e-324, HUGE]), chunks(LOGGED),
)  # fmt: skip
@EXACT
def test_a_change_is_met_where_brute_force_says(
    aggregation: str, window: int, prior: int, direction: str, change: str, amount: float, history: list[Chunk]
) -> None:
    params = {"aggregation": aggregation, "window": window, "prior_window": prior, "direction": direction}
    assert_same(listener(MetricChange, {**params, "change": change, "amount": amount}), oracle.change, history)


RUNS = range(1, 8)
TRAFFIC = st.lists(
    st.tuples(st.sampled_from(RUNS), st.lists(points(QUARTERS), min_size=1, max_size=3)), min_size=6, max_size=30
)


@given(
    st.integers(3, 6), st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]), DIRECTION,
    st.lists(st.integers(0, 4), min_size=len(RUNS), max_size=len(RUNS)), TRAFFIC,
)  # fmt: skip
@EXACT
def test_a_z_score_is_met_where_brute_force_says(
    window: int, limit: float, direction: str, starts: list[int], traffic: list[tuple[int, Chunk]]
) -> None:
    params = {"window": window, "threshold": limit, "direction": direction}
    bell = listener(MetricZScore, params)
    source, logs, started = ReplayedEvidence(), {run: Log() for run in RUNS}, dict(zip(RUNS, starts, strict=True))
    judge = Judge(source, Restraint(Stored()))
    for run, chunk in traffic:
        others, start = oracle.peers(logs, started, run, window), len(logs[run].numbers)
        for step, _is_nested, logged in chunk:
            logs[run].add(step, logged)
        heard = happening(run, [row(point) for point in chunk], started=started[run])
        found = told(judge.hear(bell, heard))
        source.observe(bell, heard)
        expected = oracle.zscore(params, logs[run], start, others)
        assert same(found, expected, within=1e-12), (found, expected, others)


# The run, the microseconds since the moment before, whether the metric is above, and whether a new batch begins.
LATER = [0, 1, *[seconds * oracle.SECOND for seconds in (1, 5, 9, 10, 29, 30, 60, 61, 3600)], oracle.MINUTE - 1]
MOMENTS = st.lists(
    st.sampled_from(list(product([1, 2, 3], LATER, [True, True, False], [False, True]))), min_size=1, max_size=40
)
Moments = list[tuple[int, int, bool, bool]]


def fates_of(bell: Listener, moments: Moments) -> Iterator[tuple[Bell, oracle.Fate]]:
    """Give what the product makes of each bell, batch by batch."""
    stored, at = Stored(), 0
    source, restraint = ReplayedEvidence(), Restraint(stored)
    for place, (run, later, rings, is_new_batch) in enumerate(moments):
        at += later
        if is_new_batch:
            stored.quiets |= restraint.changed
            restraint = Restraint(stored)
        heard = happening(run, [{METRIC: 2.0 if rings else 0.0}], at=at)
        for decision in Judge(source, restraint).hear(bell, heard):
            assert rings, place
            if decision.fires:
                stored.told.append(decision.happening.occurred_at)
            yield Bell(run, at), _fate(decision)


def _fate(decision: Decision) -> oracle.Fate:
    if decision.objection is None:
        return ("told",)
    (_automation, subject), since = (
        decision.objection.key,
        (decision.objection.since - START) // timedelta(microseconds=1),
    )
    return ("rate", since) if subject == "@rate" else ("rest", int(subject.removeprefix("run:")), since)


def assert_same_fates(moments: Moments, *, rest_seconds: int, rate_limit: int) -> None:
    params = {"aggregation": "latest", "comparison": "gt", "threshold": 1.0}
    bell = listener(MetricThreshold, params, rest_seconds=rest_seconds, rate_limit=rate_limit)
    found = list(fates_of(bell, moments))
    assert len(found) == sum(rings for _run, _later, rings, _is_new_batch in moments)
    expected = oracle.fates([one for one, _fate in found], rest_seconds=rest_seconds, rate_limit=rate_limit)
    assert [fate for _bell, fate in found] == list(expected)


@given(st.sampled_from([1, 10, 30, 60, 3600]), MOMENTS)
@EXACT
def test_an_automation_rests_when_brute_force_says(rest_seconds: int, moments: Moments) -> None:
    assert_same_fates(moments, rest_seconds=rest_seconds, rate_limit=0)


@given(st.integers(1, 4), st.sampled_from([0, 0, 10]), MOMENTS)
@EXACT
def test_the_rate_limit_holds_back_what_brute_force_says(rate_limit: int, rest_seconds: int, moments: Moments) -> None:
    assert_same_fates(moments, rest_seconds=rest_seconds, rate_limit=rate_limit)
