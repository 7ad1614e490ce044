"""The pure part of judging, against brute force: no value, chunk or moment may make a difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automations.conditions.condition import Condition
from automations.conditions.metric.metric_change import MetricChange
from automations.conditions.metric.metric_threshold import MetricThreshold
from automations.conditions.metric.metric_zscore import MetricZScore
from automations.engine.judging import Decision, Judge
from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.replayed_evidence import ReplayedEvidence
from automations.engine.throttling import CooldownState, Limits, Pair, Throttling
from automations.models import Automation
from events.event_types import EventContext, Subject
from tests import oracle
from tests.examples import costly
from tests.oracle import MISSING, Bell, Log, Logged

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


def context(run: int, rows: list[dict[str, Any]], *, position: int = 0, at: int = 0, started: int = 0) -> EventContext:
    facts = {
        "id": run,
        "started_at": START + timedelta(seconds=started),
        "entity_name": "acme",
        "project_name": "mnist",
    }
    return EventContext(
        event_id=1,
        kind="run.history",
        actor="ada",
        occurred_at=START + timedelta(microseconds=at),
        subject=Subject(key=f"run:{run}", label="", url="", facts=facts),
        data={"stream": "history", "position": position, "rows": rows},
    )


def loaded(
    kind: type[Condition], params: dict[str, Any], *, cooldown_seconds: int = 0, rate_limit: int = 0
) -> LoadedAutomation:
    condition = kind(kind.Form.checked({"metric": METRIC, **params}))
    limits = Limits(1, cooldown_seconds, rate_limit, notify_on_recovery=False)
    return LoadedAutomation(Automation(pk=1), (), condition, None, limits)  # type: ignore[arg-type]


class Stored:
    """What earlier batches decided, as the database keeps it."""

    def __init__(self) -> None:
        self.cooldowns: dict[Pair, CooldownState] = {}
        self.fired_at: list[datetime] = []

    def cooldown(self, limits: Limits, key: str) -> CooldownState | None:
        return self.cooldowns.get((limits.automation_id, key))

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        return self.fired_at[-most:]


def fires_of(decisions: list[Decision]) -> list[object]:
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
    bell: LoadedAutomation, expected_of: Callable[[dict[str, Any], Log, int], oracle.Told | None], history: list[Chunk]
) -> None:
    source, log, position = ReplayedEvidence(), Log(), 0
    judge = Judge(source, Throttling(Stored()))
    assert bell.defining
    for chunk in history:
        start = len(log.numbers)
        for step, _is_nested, logged in chunk:
            log.add(step, logged)
        found = fires_of(judge.decide(bell, context(1, [row(point) for point in chunk], position=position)))
        expected = expected_of(dict(bell.defining.params), log, start)
        assert same(found, expected), (found, expected)
        position += len(chunk)


@given(AGGREGATION, st.integers(1, 6), st.sampled_from(sorted(oracle.COMPARE)), points(LOGGED), chunks(LOGGED))
def test_a_threshold_is_met_where_brute_force_says(
    aggregation: str, window: int, comparison: str, limit: Point, history: list[Chunk]
) -> None:
    params = {"aggregation": aggregation, "window": window, "comparison": comparison}
    if comparison != "not_finite":
        means = limit[2].means
        params["threshold"] = means if means is not None and math.isfinite(means) else 0.2
    assert_same(loaded(MetricThreshold, params), oracle.threshold, history)


@given(
    AGGREGATION, st.integers(1, 4), st.integers(1, 5), DIRECTION, st.sampled_from(["absolute", "relative"]),
    st.sampled_from([0.1, 0.5, 1.0, 2.0, 10.0, 5e-324, HUGE]), chunks(LOGGED),
)  # fmt: skip
def test_a_change_is_met_where_brute_force_says(
    aggregation: str, window: int, prior: int, direction: str, change: str, amount: float, history: list[Chunk]
) -> None:
    params = {"aggregation": aggregation, "window": window, "prior_window": prior, "direction": direction}
    assert_same(loaded(MetricChange, {**params, "change": change, "amount": amount}), oracle.change, history)


RUNS = range(1, 8)
TRAFFIC = st.lists(
    st.tuples(st.sampled_from(RUNS), st.lists(points(QUARTERS), min_size=1, max_size=3)), min_size=6, max_size=30
)


@costly
@given(
    st.integers(3, 6), st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]), DIRECTION,
    st.lists(st.integers(0, 4), min_size=len(RUNS), max_size=len(RUNS)), TRAFFIC,
)  # fmt: skip
def test_a_z_score_is_met_where_brute_force_says(
    window: int, limit: float, direction: str, starts: list[int], traffic: list[tuple[int, Chunk]]
) -> None:
    params = {"window": window, "threshold": limit, "direction": direction}
    bell = loaded(MetricZScore, params)
    source, logs, started = ReplayedEvidence(), {run: Log() for run in RUNS}, dict(zip(RUNS, starts, strict=True))
    judge = Judge(source, Throttling(Stored()))
    for run, chunk in traffic:
        others, start = oracle.peers(logs, started, run, window), len(logs[run].numbers)
        for step, _is_nested, logged in chunk:
            logs[run].add(step, logged)
        heard = context(run, [row(point) for point in chunk], started=started[run])
        found = fires_of(judge.decide(bell, heard))
        source.observe(bell, heard)
        expected = oracle.zscore(params, logs[run], start, others)
        assert same(found, expected, within=1e-12), (found, expected, others)


# The run, the microseconds since the moment before, whether the metric is above, and whether a new batch begins.
LATER = [0, 1, *[seconds * oracle.SECOND for seconds in (1, 5, 9, 10, 29, 30, 60, 61, 3600)], oracle.MINUTE - 1]
MOMENTS = st.lists(
    st.sampled_from(list(product([1, 2, 3], LATER, [True, True, False], [False, True]))), min_size=1, max_size=40
)
Moments = list[tuple[int, int, bool, bool]]


def fates_of(bell: LoadedAutomation, moments: Moments) -> Iterator[tuple[Bell, oracle.Fate]]:
    """Give what the product makes of each bell, batch by batch."""
    stored, at = Stored(), 0
    source, throttling = ReplayedEvidence(), Throttling(stored)
    for place, (run, later, rings, is_new_batch) in enumerate(moments):
        at += later
        if is_new_batch:
            stored.cooldowns |= throttling.changed
            throttling = Throttling(stored)
        heard = context(run, [{METRIC: 2.0 if rings else 0.0}], at=at)
        for decision in Judge(source, throttling).decide(bell, heard):
            assert rings, place
            if decision.fires:
                stored.fired_at.append(decision.context.occurred_at)
            yield Bell(run, at), _fate(decision)


def _fate(decision: Decision) -> oracle.Fate:
    if decision.suppression is None:
        return ("fired",)
    (_automation, subject), since = (
        decision.suppression.key,
        (decision.suppression.since - START) // timedelta(microseconds=1),
    )
    return ("rate", since) if subject == "@rate" else ("cooldown", int(subject.removeprefix("run:")), since)


def assert_same_fates(moments: Moments, *, cooldown_seconds: int, rate_limit: int) -> None:
    params = {"aggregation": "latest", "comparison": "gt", "threshold": 1.0}
    bell = loaded(MetricThreshold, params, cooldown_seconds=cooldown_seconds, rate_limit=rate_limit)
    found = list(fates_of(bell, moments))
    assert len(found) == sum(rings for _run, _later, rings, _is_new_batch in moments)
    expected = oracle.fates([one for one, _fate in found], cooldown_seconds=cooldown_seconds, rate_limit=rate_limit)
    assert [fate for _bell, fate in found] == list(expected)


@given(st.sampled_from([1, 10, 30, 60, 3600]), MOMENTS)
def test_a_cooldown_suppresses_when_brute_force_says(cooldown_seconds: int, moments: Moments) -> None:
    assert_same_fates(moments, cooldown_seconds=cooldown_seconds, rate_limit=0)


@given(st.integers(1, 4), st.sampled_from([0, 0, 10]), MOMENTS)
def test_the_rate_limit_holds_back_what_brute_force_says(
    rate_limit: int, cooldown_seconds: int, moments: Moments
) -> None:
    assert_same_fates(moments, cooldown_seconds=cooldown_seconds, rate_limit=rate_limit)
