"""Each row is kept once: sent again, under other line numbers, with others between, by several writers."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.history.reading import past_values, rows_of
from projects.history.row_batch import RowBatch
from projects.history.row_identity import RowComparison
from projects.history.step_ranges import rows_between
from projects.models import HistoryChunk, Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from tests.examples import stored
from tests.world import World, threshold

Row = dict[str, Any]
START = 1_790_000_000.5


@pytest.fixture
def run(world: World) -> Run:
    return world.run()


def row(step: int, *, rank: int = 0) -> Row:
    """A row as the SDK writes it: the time in it is that of its writer."""
    return {"_step": step, "loss": step / 7, "_timestamp": START + step + rank / 1000, "_runtime": step}


def log(run: Run, offset: int, rows: list[Row], writer: str = "", stream: str = "history") -> None:
    batch = RowBatch(offset, rows)
    post = FileStreamPost(history=batch, writer=writer) if stream == "history" else FileStreamPost(system=batch)
    ingest_file_stream(run, post)


def steps(run: Run) -> list[int]:
    return [found["_step"] for found in rows_of(run)]


def count(run: Run) -> int:
    run.refresh_from_db()
    return run.rows_logged


def test_a_folder_that_is_synced_again_is_stored_once(run: Run) -> None:
    log(run, 0, [row(step) for step in range(200)])
    turned = [dict(reversed(row(step).items())) for step in range(200)]
    log(run, 200, turned)
    assert (steps(run), count(run)) == (list(range(200)), 200)


def test_of_a_folder_that_grows_only_what_is_new_is_stored(run: Run) -> None:
    offset = 0
    for length in (120, 240, 600):
        log(run, offset, [row(step) for step in range(length)])
        offset = sum(HistoryChunk.objects.order_by("-offset").values_list("offset", "row_count")[0])
    assert (steps(run), count(run)) == (list(range(600)), 600)
    assert [found["_step"] for found in rows_between(run, 100, 300)] == list(range(100, 300))


def test_what_is_sent_again_is_judged_once(run: Run, world: World, django_capture_on_commit_callbacks: Any) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    for offset in (0, 50, 100):
        log(run, offset, [row(step) for step in range(50)])
    assert HistoryChunk.objects.count() == 1
    assert past_values(run.pk, "history", "loss", before=50, count=100) == [step / 7 for step in range(50)]


def test_rows_that_say_no_step_are_given_with_their_line_as_one(run: Run) -> None:
    for writer in ("w0", "w1"):
        log(run, 0, [{"loss": line, "_timestamp": START + line} for line in range(3)], writer=writer)
    log(run, 0, [{"loss": line, "_timestamp": START + line} for line in range(3)], writer="w0")
    found = list(rows_between(run, 0, 100))
    assert [(one["_step"], one["loss"]) for one in found] == [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2)]
    assert [one["_step"] for one in rows_between(run, 2, 4)] == [2, 3]


def test_system_metrics_are_known_by_their_time(run: Run) -> None:
    looks = [{"system.cpu": 1.0, "_timestamp": START + second} for second in range(5)]
    log(run, 0, looks, stream="system")
    log(run, 5, looks, stream="system")
    assert len(list(rows_of(run, "system"))) == 5


def test_rows_of_one_step_that_differ_are_both_kept_and_the_run_says_so(run: Run) -> None:
    log(run, 0, [row(step) for step in range(5)])
    log(run, 5, [{**row(2), "loss": 99.0}, row(3)])
    assert (sorted(steps(run)), count(run)) == ([0, 1, 2, 2, 3, 4], 6)
    assert run.differing_rows == {"history": 1}


def test_metrics_that_are_logged_one_by_one_at_a_step_contradict_nothing(run: Run) -> None:
    log(run, 0, [{"_step": 1, "loss": 1.0}])
    log(run, 1, [{"_step": 1, "acc": 0.5}])
    assert (count(run), run.differing_rows) == (2, {})


def test_plain_writers_of_the_same_lines_lose_nothing(run: Run) -> None:
    for start in (0, 5, 10):
        for rank in range(3):
            log(run, start, [{**row(step, rank=rank), "loss": rank} for step in range(start, start + 5)])
    assert count(run) == 45
    assert run.differing_rows["history"] > 0
    assert [found["_step"] for found in rows_between(run, 0, 15)] == sorted([*range(15)] * 3)


def test_a_retry_of_rows_that_had_to_move_is_no_new_row(run: Run) -> None:
    for value in (1, 2, 2, 1):
        log(run, 0, [{"value": value}])
    assert [found["value"] for found in rows_of(run)] == [1, 2]


def test_writers_that_name_themselves_may_say_the_same(run: Run) -> None:
    for writer in ("a", "b", "a"):
        log(run, 0, [{"_step": 0, "loss": 1}], writer=writer)
    assert (count(run), run.differing_rows) == (2, {})


def test_rows_without_step_of_named_writers_are_known_by_their_own_lines(run: Run) -> None:
    for writer in ("a", "b", "a", "b"):
        log(run, 0, [{"loss": 1}, {"loss": 1}], writer=writer)
    assert count(run) == 4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, "text", None, {"a": [1]}, 10**30])
def test_odd_values_are_the_same_when_they_come_again(run: Run, value: Any) -> None:
    log(run, 0, [{**row(0), "odd": value}])
    log(run, 1, [{**row(0), "odd": value}])
    assert count(run) == 1


@pytest.mark.parametrize("step", [float("nan"), float("inf"), "3", None, True, 10**30, 2.5, -4])
def test_odd_steps_are_kept_and_found_once(run: Run, step: Any) -> None:
    for _ in range(2):
        log(run, 0, [{"_step": step, "loss": 1}])
    assert count(run) == 1
    assert len(list(rows_between(run, float("-inf"), float("inf")))) == 1


def test_in_order_posts_ask_the_database_nothing_more(run: Run, django_assert_max_num_queries: Any) -> None:
    log(run, 0, [row(0)])
    with django_assert_max_num_queries(7):
        log(run, 1, [row(step) for step in range(1, 1000)])


# What any number of writers may do, against brute force -------------------------------------------------------


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """Posts of up to three writers: who, the first row, how many, and by how much its line numbers are off."""
    post = st.tuples(st.integers(0, 2), st.integers(0, 11), st.integers(1, 6), st.integers(0, 15))
    return draw(st.lists(post, max_size=10))


def sent(writer: int, start: int, length: int, *, named: bool) -> list[Row]:
    # Some rows are the same for all writers but for the time; some say no time.
    rows = [row(step // 2 if writer == 2 else step, rank=writer) for step in range(start, start + length)]
    for step, one in enumerate(rows, start):
        one["n"] = step
        if named and step % 3 == 0:
            del one["_timestamp"]
    return rows


@given(posts=deliveries(), named=st.booleans(), seed=st.integers(0, 99))
@stored
def test_however_writers_and_repeats_interleave_each_row_is_kept_once(
    world: World, posts: list[tuple[int, int, int, int]], named: bool, seed: int
) -> None:
    run = world.run(f"r{secrets.token_hex(6)}")
    expected = dict[str, Row]()
    keys = random.Random(seed)
    for writer, start, length, off in posts:
        rows = sent(writer, start, length, named=named)
        expected |= {f"{writer} {one['n']}": one for one in rows}
        shuffled = [dict(keys.sample(list(one.items()), len(one))) for one in rows]
        log(run, start + off, shuffled, writer=f"w{writer}" if named else "")
    by_step = sorted(expected.values(), key=lambda one: one["_step"])
    found = list(rows_between(run, float("-inf"), float("inf")))
    assert [one["_step"] for one in found] == [one["_step"] for one in by_step]
    assert sorted(map(text, found)) == sorted(map(text, rows_of(run))) == sorted(map(text, by_step))
    assert count(run) == len(expected)
    chunks = HistoryChunk.objects.filter(run=run).order_by("position").values_list("position", "row_count")
    assert [position for position, _ in chunks] == [sum(n for _, n in chunks[:place]) for place in range(len(chunks))]


CUTS = st.lists(st.tuples(deliveries(), st.integers(0, 5)), max_size=2)


@given(turns=CUTS, named=st.booleans())
def test_in_memory_each_row_is_kept_once_whatever_is_cut_off_and_sent_again(
    turns: list[tuple[list[tuple[int, int, int, int]], int]], named: bool
) -> None:
    stored_rows: list[tuple[str, int, list[Row]]] = []
    expected = dict[str, Row]()
    for posts, lost in turns:
        # Who is cut off has not sent the last posts, and has no answer to the one before: it sends that again.
        arrived = posts[: max(0, len(posts) - lost)]
        for writer, start, length, off in [*arrived, *arrived[-1:]]:
            rows = sent(writer, start, length, named=named)
            expected |= {f"{writer} {one['n']}": one for one in rows}
            take(stored_rows, RowBatch(start + off, rows, writer=f"w{writer}" if named else ""))
    found = [one for _writer, _offset, rows in stored_rows for one in rows]
    assert sorted(map(text, found)) == sorted(map(text, expected.values()))


def take(stored_rows: list[tuple[str, int, list[Row]]], batch: RowBatch) -> None:
    """Keep what is new of a batch beside what is there."""
    compared = RowComparison("history", batch)
    for writer, offset, rows in stored_rows:
        compared.meet(writer, offset, rows)
    for part in batch.runs_of(compared.result().places):
        stored_rows.append((part.writer, part.offset, list(part.rows)))


def text(one: Mapping[str, Any]) -> str:
    return repr(sorted(one.items()))
