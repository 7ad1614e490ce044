"""What every condition and action owes, and what each of them decides."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from automations.actions import action as actions
from automations.conditions import condition as conditions
from automations.conditions.condition import Condition, Evidence
from automations.conditions.metric.metric_threshold import MetricThreshold
from automations.conditions.run.run_name import RunName
from automations.conditions.run.run_state import RunStateCondition
from automations.conditions.run.run_user import RunUser
from automations.definitions.sentence import sentence_of
from automations.definitions.services import set_enabled
from automations.engine.evaluation import evaluate
from automations.messages.templating import parse
from automations.messages.variables import known, samples
from automations.models import Execution
from events import event_types
from events.event_types import SUBJECT, EventContext, Subject
from projects.runs.ingest import ingest_rows
from tests.examples import stored
from tests.world import FAILED, World

NAN, INF = math.nan, math.inf


def context(*losses: object, state: str = "failed", **facts: Any) -> EventContext:
    """Something that happened to a run, with all that any condition on runs looks at."""
    about = {
        "id": 1,
        "name": "x7k2",
        "display_name": "prod-1",
        "username": "ada",
        "tags": [],
        "alias": "production",
        "tag": ["europe-1"],
        **facts,
    }
    rows = [{"_step": step, "loss": loss} for step, loss in enumerate(losses)]
    return EventContext(
        event_id=1,
        kind="run.history",
        actor="ada",
        occurred_at=datetime(2026, 1, 5, tzinfo=UTC),
        subject=Subject(key="run:1", label="prod-1", url="/acme/mnist/runs/x7k2", facts=about),
        data={
            "stream": "history",
            "position": 0,
            "rows": rows,
            "state": state,
            "previous": "running",
            "group": "sweep-7",
            "metric": "loss",
            "seconds": 1800,
            "silent_seconds": 1800,
            "level": "ERROR",
        },
    )


def example_of(kind: type[Condition]) -> Condition:
    return kind(kind.Form.checked(kind.example))


# What all of them owe ------------------------------------------------------------------------------

CONDITIONS = pytest.mark.parametrize("kind", list(conditions.registry), ids=lambda kind: kind.key)
PLUGINS = pytest.mark.parametrize(
    "kind", [*conditions.registry, *actions.registry, *event_types.registry], ids=lambda kind: kind.key
)


@PLUGINS
def test_it_has_a_key_a_label_and_a_docstring_that_people_can_read(kind: Any) -> None:
    assert kind.key == kind.key.lower().strip()
    assert str(kind.label)[0].isupper()
    first = (kind.__doc__ or "").strip().splitlines()[0]
    assert first.endswith(".") and len(first) > 20


@CONDITIONS
def test_its_example_passes_its_own_form(kind: type[Condition]) -> None:
    params = kind.Form.checked(kind.example)
    assert set(kind.example) <= set(params)
    assert kind.Form.checked({name: value for name, value in params.items() if value is not None}) == params


@CONDITIONS
def test_its_parameters_survive_the_database(kind: type[Condition]) -> None:
    params = kind.Form.checked(kind.example)
    stored = json.loads(json.dumps(params, allow_nan=False))
    assert stored == params
    assert kind(stored).describe() == kind(params).describe()


@CONDITIONS
def test_it_describes_itself_in_a_clause(kind: type[Condition]) -> None:
    said = example_of(kind).describe()
    assert said == said.strip() and len(said) > 5
    assert not said.endswith(".")
    assert not [sign for sign in ("None", "<", "[", "'") if sign in said]
    # What defines an event names what it is about; a filter comes after that name.
    assert (SUBJECT in said) == bool(kind.defines)


@CONDITIONS
def test_it_belongs_to_events_that_exist(kind: type[Condition]) -> None:
    of = [event.key for event in event_types.registry if kind in conditions.conditions_of(event.key)]
    assert of
    assert set(kind.defines) <= set(of)


@CONDITIONS
def test_its_form_refuses_a_field_that_it_does_not_have(kind: type[Condition]) -> None:
    with pytest.raises(ValidationError, match="There is no field 'surprise' here"):
        kind.Form.checked({**kind.example, "surprise": 1})


@CONDITIONS
def test_judging_twice_gives_the_same_and_changes_nothing(kind: type[Condition]) -> None:
    one, what = example_of(kind), context(0.5, 2.0, NAN, 3.0)
    evidence = Evidence(past=(1.0,) * 100, peers=(1.0, 2.0, 3.0, 4.0))
    params, before = dict(one.params), repr(what)
    first, second = one.judge(what, evidence), one.judge(what, evidence)
    assert repr(first) == repr(second)
    assert (dict(one.params), repr(what), evidence.past) == (params, before, (1.0,) * 100)
    assert first.why


@pytest.mark.parametrize("event", [event.key for event in event_types.registry])
def test_every_variable_of_an_event_is_known_and_has_a_sample(event: str) -> None:
    found = samples(event)
    assert set(found) == set(known())
    body = "{" + ", ".join(f'"{name}": ${{{name}}}' for name in found) + "}"
    filled = json.loads(parse(body).render(variables=found, secrets={}).body)
    event_type = event_types.registry.get(event)
    assert filled["event_type"] == (event_type.payload_name or event_type.wire)


def test_an_automation_is_said_in_one_sentence(world: World) -> None:
    world.webhook("http://127.0.0.1:8009/")
    automation = world.automation(
        FAILED, {"type": "run_name", "pattern": "^prod-"}, {"type": "run_user", "username": "ada"}
    )
    assert sentence_of(automation, "hook") == (
        "When a run of acme/mnist whose name matches ^prod- by ada fails, call hook."
    )


# Metric threshold ----------------------------------------------------------------------------------


def judged(past: Sequence[float], *losses: object, **params: Any) -> bool:
    sent = {"metric": "loss", "aggregation": "latest", "comparison": "gt", "threshold": 1.0, **params}
    if sent["threshold"] is None:
        del sent["threshold"]
    one = MetricThreshold(MetricThreshold.Form.checked(sent))
    return one.judge(context(*losses), Evidence(past=past)).holds


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        #              0.9    1.0    1.1    NaN    inf    -inf
        ("gt", (False, False, True, False, True, False)),
        ("gte", (False, True, True, False, True, False)),
        ("lt", (True, False, False, False, False, True)),
        ("lte", (True, True, False, False, False, True)),
        ("eq", (False, True, False, False, False, False)),
        ("ne", (True, False, True, True, True, True)),
        ("not_finite", (False, False, False, True, True, True)),
    ],
)
def test_a_comparison_with_one_holds_for_exactly_these(comparison: str, holds: tuple[bool, ...]) -> None:
    limit = None if comparison == "not_finite" else 1.0
    found = tuple(
        judged([], value, comparison=comparison, threshold=limit) for value in (0.9, 1.0, 1.1, NAN, INF, -INF)
    )
    assert found == holds


@pytest.mark.parametrize(
    ("aggregation", "window", "expected"),
    [
        ("average", [1.0, 2.0, 6.0], 3.0),
        ("min", [3.0, 1.0, 2.0], 1.0),
        ("max", [1.0, 3.0, 2.0], 3.0),
        ("average", [1.0, NAN, 2.0], NAN),
        ("min", [1.0, NAN, 2.0], NAN),
        ("max", [NAN, 1.0, 2.0], NAN),
        ("average", [1.0, INF, 2.0], INF),
        ("average", [INF, -INF, 2.0], NAN),
        ("average", [1e308, 1e308, 1e308], INF),
        ("average", [1e308, 1e308, -1e308], 1e308 / 3),
        ("average", [1e308, 1e308, -INF], -INF),
        ("min", [1.0, -INF, 2.0], -INF),
        ("average", [0.1, 0.2, 0.3], 0.6 / 3),
    ],
)
def test_a_window_is_aggregated_to_this_value(aggregation: str, window: list[float], expected: float) -> None:
    one = MetricThreshold(
        MetricThreshold.Form.checked(
            {"metric": "loss", "aggregation": aggregation, "window": 3, "comparison": "ne", "threshold": 123.0}
        )
    )
    verdict = one.judge(context(window[2]), Evidence(past=window[:2]))
    assert repr(verdict.values["metric_value"]) == repr(pytest.approx(expected).expected)


@pytest.mark.parametrize(("past", "holds"), [([], False), ([9.0], False), ([9.0, 9.0], True)])
def test_a_window_that_is_not_full_is_not_judged(past: list[float], holds: bool) -> None:
    assert judged(past, 9.0, aggregation="average", window=3) is holds


def test_no_crossing_inside_a_chunk_is_missed() -> None:
    assert judged([], 0.0, 5.0, 0.0)
    assert not judged([], 0.0, 1.0, 0.0)


def test_the_first_value_that_holds_is_the_one_that_is_told() -> None:
    one = MetricThreshold(MetricThreshold.Form.checked(MetricThreshold.example | {"window": 2}))
    verdict = one.judge(context(0.0, 4.0, 8.0), Evidence(past=[0.5]))
    assert {name: verdict.values[name] for name in ("metric_value", "metric_values", "metric_step")} == {
        "metric_value": 2.0,
        "metric_values": [0.0, 4.0],
        "metric_step": 1,
    }


def test_what_is_no_number_is_passed_over() -> None:
    assert judged([1.0], True, "x", None, [9], {"_type": "image-file"}, aggregation="max", window=2) is False
    assert judged([1.0], True, "x", 9, aggregation="max", window=2) is True


@pytest.mark.parametrize(
    ("spelled", "meant"), [(">", "gt"), ("$gte", "gte"), (" <= ", "lte"), ("==", "eq"), ("!=", "ne"), ("GT", "gt")]
)
def test_comparisons_may_be_spelled_as_people_and_the_sdk_do(spelled: str, meant: str) -> None:
    assert MetricThreshold.Form.checked({**MetricThreshold.example, "comparison": spelled})["comparison"] == meant


def brute_force(params: dict[str, Any], history: Sequence[float], start: int, end: int) -> int | None:
    """Give the place of the first value from `start` on whose window holds, with everything known."""
    size = 1 if params["aggregation"] == "latest" else params["window"]
    compare = {
        "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
        "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "not_finite": lambda a, _b: not math.isfinite(a),
    }[params["comparison"]]  # fmt: skip
    for place in range(max(start, size - 1), end):
        window = history[place - size + 1 : place + 1]
        if compare(aggregate(params["aggregation"], window), params.get("threshold")):
            return place
    return None


def aggregate(aggregation: str, window: Sequence[float]) -> float:
    if any(math.isnan(value) for value in window):
        return NAN
    if aggregation == "average":
        infinite = [value for value in window if math.isinf(value)]
        return sum(infinite) if infinite else math.fsum(window) / len(window)
    return {"min": min, "max": max, "latest": lambda values: values[-1]}[aggregation](window)


VALUES = st.sampled_from([-1.0, 0.0, 0.1, 0.2, 0.3, 1.0, 1.0, 2.0, 1e300, NAN, INF, -INF])


@st.composite
def logs(draw: st.DrawFn) -> tuple[dict[str, Any], list[float], list[tuple[int, bool]]]:
    """A question, a history, and the ends of its chunks with whether the automation is enabled for each."""
    params = {
        "metric": "loss",
        "aggregation": draw(st.sampled_from(["average", "min", "max", "latest"])),
        "window": draw(st.integers(1, 6)),
        "comparison": draw(st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne", "not_finite"])),
    }
    if params["comparison"] != "not_finite":
        params["threshold"] = draw(st.sampled_from([-1.0, 0.0, 0.2, 1.0]))
    history = draw(st.lists(VALUES, min_size=1, max_size=24))
    cuts = sorted(draw(st.sets(st.integers(1, len(history)), max_size=4)) | {len(history)})
    return params, history, [(cut, draw(st.sampled_from([True, True, False]))) for cut in cuts]


@given(logs())
@stored
def test_the_engine_fires_at_the_same_values_as_brute_force(
    engine_world: World, log: tuple[dict[str, Any], list[float], list[tuple[int, bool]]]
) -> None:
    params, history, chunks = log
    with transaction.atomic():
        automation = engine_world.automation(
            {"type": "metric_threshold", **params}, event="RUN_METRIC", cooldown_seconds=0, rate_limit=0
        )
        run, start, expected = engine_world.run(), 0, []
        for end, enabled in chunks:
            # What is logged while it is disabled is not remembered: memory has a gap then.
            if automation.enabled != enabled:
                set_enabled(automation, enabled)
            ingest_rows(run, start, [{"_step": place, "loss": history[place]} for place in range(start, end)])
            evaluate()
            place = brute_force(params, history, start, end) if enabled else None
            expected += [] if place is None else [place]
            start = end
        fired = Execution.objects.order_by("id").values_list("kept_variables", flat=True)
        assert [variables["metric_step"] for variables in fired] == expected
        transaction.set_rollback(True)


@pytest.fixture
def engine_world(world: World) -> World:
    world.webhook("http://127.0.0.1:8009/")
    return world


# Filters of runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "holding"),
    [
        ("running", {"running"}),
        ("finished", {"finished"}),
        ("failed", {"failed"}),
        ("crashed", {"failed", "crashed"}),
        ("killed", set()),
        ("preempted", {"preempted"}),
        ("pending", set()),
    ],
)
def test_a_state_counts_as_exactly_these(state: str, holding: set[str]) -> None:
    choices = ("running", "finished", "failed", "crashed", "preempted")
    found = {
        one for one in choices if RunStateCondition({"states": [one]}).judge(context(state=state), Evidence()).holds
    }
    assert found == holding


@pytest.mark.parametrize(
    ("pattern", "name", "holds"),
    [
        ("prod", "my-prod-run", True),
        ("^prod", "my-prod-run", False),
        ("^prod-", "prod-1", True),
        ("PROD", "prod-1", False),
        ("(?i)PROD", "prod-1", True),
        ("1$", "prod-1", True),
        ("ä", "bär", True),
    ],
)
def test_a_name_is_searched_anywhere_and_by_case(pattern: str, name: str, holds: bool) -> None:
    assert RunName({"pattern": pattern}).judge(context(display_name=name), Evidence()).holds is holds


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x"])
def test_a_pattern_that_others_choke_on_takes_linear_time(pattern: str) -> None:
    one = RunName(RunName.Form.checked({"pattern": pattern}))
    started = time.perf_counter()
    assert one.judge(context(display_name="a" * 100_000 + "!"), Evidence()).holds is False
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(("username", "holds"), [("ada", True), ("Ada", False), ("bob", False), ("", False)])
def test_a_run_is_of_one_person_only(username: str, holds: bool) -> None:
    assert RunUser({"username": "ada"}).judge(context(username=username), Evidence()).holds is holds
