"""Filters between the SDK's words and our conditions: nothing is lost either way, whatever the SDK makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wandb.automations._inputs import prepare_event_filter_input
from wandb.automations.events import SavedEvent

from artifacts import event_publishing
from automations.conditions import condition as conditions
from automations.filters import parsing
from automations.filters.fields import RUN_FIELDS
from tests.examples import costly
from tests.wandb_api.triggers import INPUTS
from wandb_api.triggers.event_filters import conditions_changed, conditions_sent, sdk_event_filter, sdk_event_type
from wandb_api.triggers.filter_normalization import for_mutations, for_runs, normalized

RUN_EVENTS = {
    "RUN_METRIC": "run.metric",
    "RUN_METRIC_CHANGE": "run.metric_change",
    "RUN_METRIC_ZSCORE": "run.metric_zscore",
    "RUN_STATE": "run.state",
}
EMPTY = '{"filter":"{\\"$and\\":[]}"}'


def stored(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Check what was read, as a draft does."""
    return [{"type": one["type"], **checked(one)} for one in sent]


def checked(one: dict[str, Any]) -> dict[str, Any]:
    kind = conditions.registry.get(one["type"])
    return kind.Form.checked({name: value for name, value in one.items() if name != "type"})


def returned(event: str, shown: str) -> str:
    """Give what the real SDK sends when an automation with this filter is only renamed."""
    read = SavedEvent.model_validate(
        {"__typename": "FilterEventTriggeringCondition", "eventType": event, "filter": shown}
    )
    text = prepare_event_filter_input(read.filter)
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("name", [name for name, case in INPUTS.items() if case["eventType"] in RUN_EVENTS])
def test_a_recorded_run_filter_reads_back_exactly_as_sent(name: str) -> None:
    event, text = INPUTS[name]["eventType"], INPUTS[name]["eventFilter"]
    assert sdk_event_filter(RUN_EVENTS[event], stored(conditions_sent(event, text))) == text


FIELDS = ["display_name", "tags", "config.lr", "state"]
VALUES = st.sampled_from(["a", "ab", "b", 1, 2.5, True])
TESTS = st.one_of(
    VALUES,
    st.builds(lambda value: {"$eq": value}, VALUES),
    st.builds(lambda value: {"$ne": value}, VALUES),
    st.builds(lambda values: {"$in": values}, st.lists(VALUES, max_size=3)),
    st.builds(lambda values: {"$nin": values}, st.lists(VALUES, max_size=3)),
    st.builds(lambda value: {"$not": {"$gt": value}}, st.sampled_from([1, 2.5, "a"])),
    st.builds(lambda low, high: {"$gte": low, "$lt": high}, st.just(1), st.just(3)),
    st.builds(lambda value: {"$contains": value}, st.sampled_from(["a", "b"])),
    st.builds(lambda value: {"$regex": value}, st.sampled_from(["^a", "b$"])),
    st.builds(lambda value: {"$exists": value}, st.booleans()),
)
DOCUMENTS = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), TESTS, max_size=2),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"$and": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"$or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"$nor": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=6,
)
FACTS = st.fixed_dictionaries(
    {}, optional={"display_name": VALUES, "tags": st.lists(VALUES, max_size=2), "state": VALUES,
                  "config": st.fixed_dictionaries({}, optional={"lr": VALUES})},
)  # fmt: skip
STATES = '"run_state_filter":{"states":["FAILED"]}'


def matches(document: dict[str, Any], facts: dict[str, Any]) -> bool:
    return parsing.parse(document, fields=RUN_FIELDS).matches(facts)


@given(DOCUMENTS, st.lists(FACTS, min_size=1, max_size=5))
def test_the_normal_form_of_a_document_lets_the_same_through(
    document: dict[str, Any], facts: list[dict[str, Any]]
) -> None:
    for one in facts:
        assert matches(normalized(document), one) == matches(document, one)
        assert matches(for_runs(document), one) == matches(for_mutations(document), one) == matches(document, one)


@costly
@given(DOCUMENTS)
def test_the_sdk_leaves_a_run_filter_that_it_was_given_as_it_is(document: dict[str, Any]) -> None:
    shown = sdk_event_filter(
        "run.state", [{"type": "run_state", "states": ["failed"]}, {"type": "run_filter", "document": document}]
    )
    assert json.loads(json.loads(returned("RUN_STATE", shown))["run_filter"]) == for_runs(document)


@costly
@given(DOCUMENTS)
def test_renaming_an_automation_by_the_sdk_changes_none_of_its_conditions(document: dict[str, Any]) -> None:
    asked = [
        {"type": "run_state", "states": ["failed"]},
        {"type": "run_filter", "document": document},
        {"type": "run_name", "pattern": "^prod"},
        {"type": "run_user", "username": "ada"},
    ]
    sent = returned("RUN_STATE", sdk_event_filter("run.state", asked))
    assert conditions_changed("run.state", asked, "RUN_STATE", sent) is None


# With spaces too, also around them.
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20).filter(str.strip)
NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False))
AMOUNTS = st.one_of(st.integers(1, 10**9), st.floats(min_value=1e-9, max_value=1e9))
SIZES = st.integers(1, 100)
AGGREGATIONS = st.sampled_from(["AVERAGE", "MIN", "MAX"])
DIRECTIONS = st.sampled_from(["ANY", "INCREASE", "DECREASE"])
THRESHOLDS = st.one_of(
    st.fixed_dictionaries(
        {"name": NAMES, "agg_op": AGGREGATIONS, "window_size": SIZES,
         "cmp_op": st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), "threshold": NUMBERS}
    ),
    st.fixed_dictionaries(
        {"name": NAMES, "agg_op": st.none(), "window_size": st.just(1), "cmp_op": st.just("$gt"), "threshold": NUMBERS}
    ),
)  # fmt: skip
CHANGES = st.fixed_dictionaries(
    {"name": NAMES, "agg_op": AGGREGATIONS, "current_window_size": SIZES, "change_amount": AMOUNTS,
     "prior_window_size": SIZES, "change_type": st.sampled_from(["ABSOLUTE", "RELATIVE"]), "change_dir": DIRECTIONS}
)  # fmt: skip
ZSCORES = st.fixed_dictionaries(
    {"name": NAMES, "window_size": st.integers(3, 1000), "threshold": AMOUNTS, "change_dir": DIRECTIONS}
)
METRICS = st.one_of(
    st.tuples(st.just("RUN_METRIC"), st.builds(lambda one: {"threshold_filter": one}, THRESHOLDS)),
    st.tuples(st.just("RUN_METRIC_CHANGE"), st.builds(lambda one: {"change_filter": one}, CHANGES)),
    st.tuples(st.just("RUN_METRIC_ZSCORE"), st.builds(lambda one: {"zscore_filter": one}, ZSCORES)),
)


@costly
@given(METRICS, DOCUMENTS)
def test_whatever_metric_the_sdk_can_say_reads_back_as_sent(said: tuple[str, Any], document: dict[str, Any]) -> None:
    event, metric = said
    run_filter = json.dumps(for_runs(document))
    text = json.dumps({"run_filter": run_filter, "run_metric_filter": metric, "metric_filter": None})
    kept = stored(conditions_sent(event, text))
    shown = sdk_event_filter(RUN_EVENTS[event], kept)
    assert json.loads(shown)["run_metric_filter"] == metric
    assert json.loads(json.loads(shown)["run_filter"]) == for_runs(document)
    assert conditions_changed(RUN_EVENTS[event], kept, event, returned(event, shown)) is None


def line(comparison: str, threshold: float | None) -> dict[str, Any]:
    latest = {"metric": "loss", "aggregation": "latest", "window": 1}
    return {"type": "metric_threshold", **latest, "comparison": comparison, "threshold": threshold}


@pytest.mark.parametrize(
    "conditions",
    [[line("not_finite", None)], [line("eq", 0.0)], [line("ne", 0.0)], [{"type": "no_such", "left": "over"}]],
    ids=["NaN", "equal", "unequal", "unreadable"],
)
def test_what_the_sdk_cannot_say_is_read_by_it_as_no_filter_and_survives(conditions: list[dict[str, Any]]) -> None:
    shown = sdk_event_filter("run.metric", conditions)
    assert shown == EMPTY
    assert conditions_changed("run.metric", conditions, "RUN_METRIC", returned("RUN_METRIC", shown)) is None


@pytest.mark.parametrize("states", [["preempted"], ["failed", "preempted"]])
def test_preempted_has_no_words_and_survives(states: list[str]) -> None:
    stored = [{"type": "run_state", "states": states}]
    shown = sdk_event_filter("run.state", stored)
    assert shown == EMPTY
    assert conditions_changed("run.state", stored, "RUN_STATE", returned("RUN_STATE", shown)) is None


def test_crashed_alone_has_no_words_and_beside_failed_needs_none() -> None:
    assert sdk_event_filter("run.state", [{"type": "run_state", "states": ["crashed"]}]) == EMPTY
    both = [{"type": "run_state", "states": ["crashed", "failed"]}]
    shown = sdk_event_filter("run.state", both)
    assert json.loads(shown)["run_state_filter"] == {"states": ["FAILED"]}
    assert conditions_changed("run.state", both, "RUN_STATE", returned("RUN_STATE", shown)) is None


@pytest.mark.parametrize("event", ["run.alert", "run.stalled", "run.all_done", "gone.event"])
def test_an_event_that_only_we_have_is_shown_as_a_run_state_without_a_filter(event: str) -> None:
    asked = [{"type": "stalled", "seconds": 600}]
    assert (sdk_event_type(event), sdk_event_filter(event, asked)) == ("RUN_STATE", EMPTY)
    assert conditions_changed(event, asked, "RUN_STATE", returned("RUN_STATE", EMPTY)) is None


NAME = {"type": "run_name", "pattern": "^prod"}


def test_a_new_metric_leaves_the_conditions_on_the_run_as_they_are() -> None:
    asked = [line("gt", 0.0), NAME]
    sent = sdk_event_filter("run.metric", asked).replace('"threshold":0', '"threshold":5')
    assert conditions_changed("run.metric", asked, "RUN_METRIC", sent) == [line("$gt", 5), NAME]


def test_a_new_run_filter_leaves_the_metric_as_it_is() -> None:
    asked = [line("gt", 0.0), NAME]
    sent = sdk_event_filter("run.metric", asked).replace("^prod", "^test")
    changed = conditions_changed("run.metric", asked, "RUN_METRIC", sent)
    assert changed == [asked[0], {"type": "run_filter", "document": {"display_name": {"$regex": "^test"}}}]


def test_another_event_takes_the_place_of_the_old_one() -> None:
    sent = '{"run_filter":"{\\"$and\\":[]}","run_state_filter":{"states":["FAILED"]}}'
    assert conditions_changed("run.metric", [line("eq", 0.0), NAME], "RUN_STATE", sent) == [
        {"type": "run_state", "states": ["failed"]}
    ]


@pytest.mark.parametrize("condition", [{"type": "alias", "pattern": "^prod"}, {"type": "tag", "pattern": "eu"}])
def test_our_conditions_on_alias_and_tag_are_said_as_filters(condition: dict[str, Any]) -> None:
    shown = sdk_event_filter(event_publishing.VERSION_LINKED, [condition])
    pattern = {condition["type"]: {"$regex": condition["pattern"]}}
    assert json.loads(json.loads(shown)["filter"]) == {"$or": [{"$and": [pattern]}]}
    assert (
        conditions_changed(event_publishing.VERSION_LINKED, [condition], "LINK_MODEL", returned("LINK_MODEL", shown))
        is None
    )
