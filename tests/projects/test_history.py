"""What a run logs is kept exactly once, however it arrives, and read as numbers where it is some."""

from __future__ import annotations

import json
import math
import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from projects.charts.series import series
from projects.history.downsampling import SampleRequest, sampled_rows
from projects.history.reading import past_values, rows_of
from projects.history.row_values import number, value_at, values
from projects.history.stream_offsets import next_offset
from projects.models import HistoryChunk, Run
from projects.runs.ingest import ingest_rows
from tests.examples import stored
from tests.world import World, make_world

HISTORY = "/api/v1/projects/acme/mnist/runs/run1/history"


@pytest.fixture
def run(world: World) -> Run:
    return world.run("run1")


def rows(*numbers: int) -> list[dict[str, int]]:
    return [{"n": number} for number in numbers]


def kept(run: Run, stream: str = "history") -> list[Any]:
    return [row["n"] for row in rows_of(run, stream)]


# Offsets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batches", "accepted", "stored"),
    [
        pytest.param([(0, 0, 1, 2), (3, 3, 4)], [3, 2], [0, 1, 2, 3, 4], id="one after the other"),
        pytest.param([(0, 0, 1, 2), (0, 0, 1, 2)], [3, 0], [0, 1, 2], id="repeat"),
        pytest.param([(0, 0, 1, 2), (1, 1, 2, 3)], [3, 1], [0, 1, 2, 3], id="overlap at the front"),
        pytest.param([(2, 2, 3), (0, 0, 1, 2)], [2, 2], [0, 1, 2, 3], id="overlap at the back"),
        pytest.param([(0, 0, 1, 2, 3), (1, 1, 2)], [4, 0], [0, 1, 2, 3], id="inside what is there"),
        pytest.param([(1, 1), (3, 3), (0, 0, 1, 2, 3, 4)], [1, 1, 3], [0, 1, 2, 3, 4], id="around what is there"),
        pytest.param([(0, 0), (2, 2), (1, 1)], [1, 1, 1], [0, 1, 2], id="gap that is filled later"),
        pytest.param([(0, 0), (5, 5)], [1, 1], [0, 5], id="gap that stays"),
        pytest.param([(0,)], [0], [], id="empty batch"),
    ],
)
def test_each_line_is_kept_once(
    run: Run, batches: list[tuple[int, ...]], accepted: list[int], stored: list[int]
) -> None:
    assert [ingest_rows(run, offset, rows(*numbers)) for offset, *numbers in batches] == accepted
    assert kept(run) == stored


def test_of_two_rows_of_one_line_both_are_kept_and_the_run_says_so(run: Run) -> None:
    assert [ingest_rows(run, 0, rows(number)) for number in (1, 2, 1, 2)] == [1, 1, 0, 0]
    assert kept(run) == [1, 2]
    run.refresh_from_db()
    assert (run.rows_logged, run.differing_rows) == (2, {"history": 1})


def test_a_client_goes_on_after_the_last_line(run: Run) -> None:
    assert next_offset(run) == 0
    ingest_rows(run, 0, rows(0, 1))
    ingest_rows(run, 7, rows(7, 8))
    assert next_offset(run) == 9


def test_metrics_of_the_machine_have_lines_of_their_own(run: Run) -> None:
    ingest_rows(run, 0, rows(1, 2))
    ingest_rows(run, 0, rows(8, 9), "system")
    assert (kept(run), kept(run, "system"), next_offset(run, "system")) == ([1, 2], [8, 9], 2)
    run.refresh_from_db()
    assert (run.rows_logged, run.summary) == (2, {"n": 2})


def test_positions_count_in_the_order_of_arrival(run: Run) -> None:
    for offset, *numbers in [(4, 4, 5), (0, 0), (1, 1, 2, 3, 4)]:
        ingest_rows(run, offset, rows(*numbers))
    chunks = HistoryChunk.objects.order_by("id").values_list("offset", "position", "row_count")
    assert list(chunks) == [(4, 0, 2), (0, 2, 1), (1, 3, 3)]


def test_what_is_refused_leaves_nothing(run: Run) -> None:
    with pytest.raises(ValidationError) as refusal:
        ingest_rows(run, 0, [{"n": 1}, "x"])  # type: ignore[list-item]
    assert refusal.value.message_dict == {"rows.1": ['\'x\' is no row; write it like {"_step": 0, "loss": 1.2}.']}
    assert HistoryChunk.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_lines_keep_each_once() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite is in memory, where two writers refuse each other instead of waiting")
    run = make_world().run("run1")
    batches = [(offset, rows(*range(offset, offset + 4))) for offset in range(0, 20, 2)]

    def write() -> None:
        try:
            for offset, batch in batches:
                ingest_rows(run, offset, batch)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert kept(run) == list(range(22))
    run.refresh_from_db()
    assert run.rows_logged == 22


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A history's length, and pieces of it in any order that together cover it: cut, repeated, overlapping."""
    length = draw(st.integers(1, 30))
    cuts = sorted(draw(st.sets(st.integers(1, length - 1), max_size=6)) if length > 1 else [])
    pieces = list(zip([0, *cuts], [*cuts, length], strict=True))
    more = draw(st.lists(st.tuples(st.integers(0, length), st.integers(0, length)), max_size=6))
    pieces += [(min(pair), max(pair)) for pair in more]
    return length, draw(st.permutations(pieces))


@given(deliveries())
@stored
def test_however_a_history_is_cut_and_shuffled_it_is_kept_exactly_once(
    run: Run, delivery: tuple[int, list[tuple[int, int]]]
) -> None:
    length, pieces = delivery
    original = list(range(length))
    with transaction.atomic():
        for start, end in pieces:
            ingest_rows(run, start, rows(*original[start:end]))
        assert kept(run) == original
        counts = HistoryChunk.objects.values_list("row_count", flat=True)
        assert sum(counts) == length
        transaction.set_rollback(True)


# Numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (-2.5, -2.5),
        ("NaN", math.nan),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (True, None),
        ("1.5", None),
        ("nan", None),
        (None, None),
        ([1], None),
        ({"_type": "image-file", "size": 3}, None),
    ],
)
def test_a_value_is_a_number_or_none(value: object, expected: float | None) -> None:
    assert repr(number(value)) == repr(expected)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"val.loss": 1, "val": {"loss": 2}}, 1),
        ({"val": {"loss": 2}}, 2),
        ({"val": {"a.loss": 2}}, None),
        ({"val": 3}, None),
        ({}, None),
    ],
)
def test_a_nested_metric_is_found_by_its_dotted_name(row: dict[str, Any], found: object) -> None:
    assert value_at(row, "val.loss") == found


def test_values_are_the_numbers_in_order_and_nothing_else() -> None:
    logged = [{"a": 1}, {"b": 5}, {"a": True}, {"a": "x"}, {"a": {"_type": "image-file"}}, {"a": "Infinity"}, {"a": 2}]
    assert values(logged, "a") == [1.0, math.inf, 2.0]


def test_past_values_are_those_before_and_no_more_than_asked(run: Run) -> None:
    for offset in range(0, 6, 2):
        ingest_rows(run, offset, rows(offset, offset + 1))
    assert past_values(run.pk, "history", "n", before=4, count=3) == [1.0, 2.0, 3.0]
    assert past_values(run.pk, "history", "n", before=4, count=9) == [0.0, 1.0, 2.0, 3.0]
    assert past_values(run.pk, "history", "n", before=0, count=3) == []
    assert past_values(run.pk, "history", "n", before=4, count=0) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ('"NaN"', "NaN"),
        ("1e999", None),
        ("123456789012345678901234567890", 123456789012345678901234567890),
    ],
)
def test_numbers_that_json_does_not_know_are_taken_and_shown_in_strict_json(
    api: APIClient, run: Run, sent: str, shown: object
) -> None:
    body = f'{{"offset": 0, "rows": [{{"loss": {sent}}}]}}'
    assert api.post(HISTORY, body, content_type="application/json").status_code == 200
    text = api.get(HISTORY).content.decode()
    read = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert read == {"rows": [{"loss": shown}], "total": 1}


def test_nan_is_stored_as_nan(api: APIClient, run: Run) -> None:
    api.post(HISTORY, '{"offset": 0, "rows": [{"loss": NaN}]}', content_type="application/json")
    run.refresh_from_db()
    assert math.isnan(run.summary["loss"])
    (row,) = rows_of(run)
    assert math.isnan(row["loss"])


def test_the_summary_holds_the_last_value_of_each_metric_and_no_media(run: Run) -> None:
    ingest_rows(run, 0, [{"loss": 1, "acc": 5}, {"loss": 2, "image": {"_type": "image-file"}, "note": "end"}])
    run.refresh_from_db()
    assert run.summary == {"loss": 2, "acc": 5, "note": "end"}


def test_the_summary_keeps_the_last_number_of_a_metric_however_it_is_nested(run: Run) -> None:
    ingest_rows(
        run, 0, [{"val": {"loss": 1}, "acc": 5}, {"val.loss": 2, "acc": None}, {"val": {"loss": 3}}, {"val": 7}]
    )
    run.refresh_from_db()
    assert run.summary == {"val.loss": 3, "acc": 5, "val": 7}


def test_rows_that_go_on_after_the_last_ones_take_few_queries(
    run: Run, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ingest_rows(run, 0, rows(1, 2))
    # The run, the new chunk, who listens, the run again; and a savepoint, twice.
    with django_assert_num_queries(6):
        ingest_rows(run, 2, rows(3, 4))


# Reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "found"), [(2, [0, 99]), (3, [0, 49, 99]), (100, list(range(100))), (1, [99])])
def test_a_sample_keeps_the_first_and_the_last(run: Run, samples: int, found: list[int]) -> None:
    ingest_rows(run, 0, rows(*range(100)))
    got, total = sampled_rows(run, SampleRequest(samples=samples))
    assert ([row["n"] for row in got], total) == (found, 100)


def test_a_sample_of_one_metric_leaves_out_rows_without_it(run: Run) -> None:
    logged = [{"_step": step, "loss": step} if step % 2 else {"_step": step, "acc": 1} for step in range(6)]
    ingest_rows(run, 0, logged)
    got, total = sampled_rows(run, SampleRequest(keys=("loss",)))
    assert (got, total) == ([{"_step": step, "loss": step} for step in (1, 3, 5)], 6)


def test_a_sample_of_a_metric_with_spaces_around_it_finds_it(run: Run) -> None:
    ingest_rows(run, 0, [{" loss": 1, "acc": 2}])
    got, _total = sampled_rows(run, SampleRequest.of({"keys": " loss, acc"}))
    assert got == [{" loss": 1, "acc": 2}]


def test_series_hold_the_numbers_of_each_metric_over_its_steps(run: Run) -> None:
    ingest_rows(run, 0, [{"_step": 10, "loss": 1.5, "note": "x"}, {"loss": 2, "acc": True}])
    (found,) = series(run)
    assert (found.metric, list(found.steps), list(found.values)) == ("loss", [10, 1], [1.5, 2])
