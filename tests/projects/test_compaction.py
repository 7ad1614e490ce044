"""Compaction of history: whatever is merged, whenever, every reader finds what it found before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from automations.engine.evaluation import evaluate
from automations.models import Execution
from common.data.fields import JSONText, json_text
from events.event_types import registry
from projects.compaction.chunk_parts import STORED_SIZE, parts_of
from projects.history import downsampling
from projects.history.downsampling import SampleRequest, downsampled_rows, sampled_rows
from projects.history.reading import chunks_numbered, last_row, last_values_before, newest_chunks, past_values, rows_of
from projects.history.row_batch import RowBatch
from projects.history.row_removal import remove_some_rows
from projects.history.step_ranges import last_step, rows_between
from projects.models import HistoryChunk, Run, Stream
from projects.runs import history_compaction
from projects.runs.editing import rewind_run
from projects.runs.history_compaction import compact_from
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, start_run
from tests.examples import stored
from tests.projects import first_format
from tests.world import World, threshold

Row = dict[str, Any]
NOW = "2026-10-01T12:00:00Z"
METRICS = ("loss", "val.loss")
# So that even the smallest chunks become smaller.
NOTE = "as long as what people log beside their metrics, now and then, " * 6


def post(run: Run, offset: int, rows: list[Row], *, stream: str = "history", writer: str = "") -> tuple[Any, ...]:
    batch = RowBatch(offset, rows)
    kind = {"history": batch} if stream == "history" else {"system": batch}
    ingest_file_stream(run, FileStreamPost(**kind, writer=writer))
    run.refresh_from_db()
    return run.rows_logged, json_text([run.summary, run.reached, run.differing_rows])


def compact(run: Run) -> int:
    """Merge all there is; give how many chunks were merged."""
    merged = 0
    for stream in Stream:
        first = run.chunks.filter(stream=stream).order_by("position").first()
        merged += sum(compact_from(first, timezone.now() + timedelta(days=1))) if first else 0
    run.refresh_from_db()
    return merged


def replayed(run: Run) -> list[Any]:
    since, until = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    found = registry.get("run.metric").replay(f"project:{run.project_id}", since, until)
    return [context for context in found if context.subject.facts["id"] == run.pk]


def readings(run: Run) -> Iterator[tuple[str, Any]]:
    """Give what every reader says of the run, in words that hold for another run of the same rows."""
    contexts = replayed(run)
    yield "backtest", [(one.data["position"], one.data["stream"], json_text(one.data["rows"])) for one in contexts]
    yield "moments", [one.occurred_at for one in contexts]
    ids = [one.data["chunk"] for one in contexts]
    numbered = chunks_numbered(dict.fromkeys(ids, run.pk))
    yield "events", [json_text(numbered[pk].rows) for pk in ids]
    yield "bounds", [(numbered[pk].lowest, numbered[pk].highest) for pk in ids]
    yield "last step", last_step(run)
    mine = Run.objects.filter(pk=run.pk)
    for stream in Stream:
        yield f"rows {stream}", json_text(list(rows_of(run, stream)))
        yield f"last {stream}", json_text(last_row(run, stream))
        yield f"sampled {stream}", json_text(sampled_rows(run, SampleRequest(5, (), stream))[0])
        yield f"chart {stream}", json_text(list(downsampled_rows(run, stream)))
        for metric in METRICS:
            windows = [past_values(run.pk, stream, metric, before=one.data["position"], count=3) for one in contexts]
            yield f"windows {stream} {metric}", json_text(windows)
            peers = [[value for *_, value in last_values_before(mine, stream, metric, before=pk)] for pk in ids]
            yield f"peers {stream} {metric}", json_text(peers)
    for first, end in ((3, 9), (-5, 100)):
        yield f"steps from {first}", json_text(list(rows_between(run, first, end)))
    for since in (0, 1, 5):
        yield f"newest from {since}", [(end, at, json_text(rows)) for end, at, rows in newest_chunks(run, since)]


VALUE = st.one_of(
    st.floats(), st.floats(width=32), st.integers(-9, 9), st.sampled_from(["NaN", None, True, 2**70, [1, {"a": 1.0}]])
)
ROW = st.fixed_dictionaries(
    {"loss": VALUE, "note": st.just(NOTE)},
    optional={
        "_step": st.integers(0, 12),
        "_timestamp": st.floats(1.7e9, 1.8e9),
        "odd": VALUE,
        "val": st.fixed_dictionaries({"loss": VALUE}),
        "val.loss": VALUE,
    },
)
POST = st.tuples(
    st.lists(ROW, min_size=1, max_size=4),
    st.sampled_from(["history"] * 3 + ["system"]),
    st.sampled_from([""] * 4 + ["w1"]),
    # How far from where the last ended: 0 goes on; else lines come again, or are left out.
    st.sampled_from([0, 0, 0, 0, -2, 1]),
    # Whether it is compacted behind it.
    st.booleans(),
)


@pytest.mark.django_db
@stored
@given(st.lists(POST, min_size=2, max_size=6))
def test_a_history_reads_the_same_whenever_it_was_compacted(world: World, posts: list[Any]) -> None:
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        one, other = world.run("one"), world.run("other")
        lines = dict.fromkeys(Stream.values, 0)
        for rows, stream, writer, jump, is_compacted in posts:
            offset = max(0, lines[stream] + jump)
            told = [post(run, offset, rows, stream=stream, writer=writer) for run in (one, other)]
            assert told[0] == told[1]
            lines[stream] = offset + len(rows)
            if is_compacted:
                compact(other)
        assert list(readings(one)) == list(readings(other))
        transaction.set_rollback(True)


# What changes a history -----------------------------------------------------------------------------


def logged(world: World, name: str, posts: int = 5) -> Run:
    run = world.run(name)
    for start in range(0, posts * 4, 4):
        post(run, start, [{"_step": step, "loss": step / 7, "note": NOTE} for step in range(start, start + 4)])
    return run


@pytest.fixture
def pair(world: World) -> Iterator[tuple[Run, Run]]:
    """Two runs that logged the same, one of which is compacted."""
    with time_machine.travel(NOW, tick=False):
        one, other = logged(world, "one"), logged(world, "other")
        assert compact(other) == 5
        assert other.chunks.count() == 1
        yield one, other


def said_of(run: Run) -> Any:
    run.refresh_from_db()
    return list(readings(run)), run.rows_logged, run.summary, run.reached, run.shown_summary, run.removed_rows


@pytest.mark.parametrize("step", [3, 9, 19])
def test_a_rewind_takes_back_the_same(pair: tuple[Run, Run], step: int) -> None:
    for run in pair:
        rewind_run(run, step)
    assert said_of(pair[0]) == said_of(pair[1])
    for run in pair:
        post(run, step + 1, [{"_step": step + 1, "loss": 0.5, "note": NOTE}])
    compact(pair[1])
    assert said_of(pair[0]) == said_of(pair[1])


@pytest.mark.parametrize("step", [3, 9, 19])
def test_a_fork_copies_the_same(world: World, pair: tuple[Run, Run], step: int) -> None:
    children = []
    for run in pair:
        details = RunDetails(telemetry={"branch_point": {"run_id": run.name, "step": step}})
        children.append(start_run(world.project, f"of-{run.name}", details, user=None, anew=True).run)
    assert said_of(children[0]) == said_of(children[1])


def test_retention_leaves_the_same_behind(pair: tuple[Run, Run]) -> None:
    for run in pair:
        with transaction.atomic():
            remove_some_rows(run, Stream.HISTORY, timezone.now())
    one, other = (said_of(run) for run in pair)
    assert one == other
    assert [row["_step"] for row in rows_of(pair[1])] == [19]
    for run in pair:
        post(run, 20, [{"_step": 4, "loss": 4 / 7, "note": NOTE}, {"_step": 20, "loss": 9, "note": NOTE}])
    assert said_of(pair[0]) == said_of(pair[1])


def test_what_a_run_takes_is_counted_as_it_is_stored(pair: tuple[Run, Run]) -> None:
    stored_bytes = [run.chunks.aggregate(total=Sum(STORED_SIZE))["total"] for run in pair]
    assert stored_bytes == [run.bytes_logged for run in pair]
    assert stored_bytes[1] * 5 < stored_bytes[0]


def test_rows_that_went_meanwhile_are_not_brought_back(pair: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    run, merge = pair[0], history_compaction.merge

    def merged_too_late(chunks: Any) -> Any:
        rewind_run(run, 9)
        return merge(chunks)

    monkeypatch.setattr(history_compaction, "merge", merged_too_late)
    assert compact(run) == 0
    assert [row["_step"] for row in rows_of(run)] == list(range(10))


def test_who_dies_over_it_leaves_all_as_it_was(pair: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    def die(chunk: HistoryChunk, **_: Any) -> None:
        raise KeyboardInterrupt

    before = said_of(pair[0])
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(HistoryChunk, "save", die)
        compact(pair[0])
    assert said_of(pair[0]) == before
    assert (compact(pair[0]), said_of(pair[0])) == (5, before)
    assert compact(pair[0]) == 0


def test_text_that_is_no_json_stays_as_it_is(pair: tuple[Run, Run]) -> None:
    broken = pair[0].chunks.order_by("position").first()
    HistoryChunk.objects.filter(pk=broken.pk).update(rows=JSONText("[{"))
    assert compact(pair[0]) == 0
    assert pair[0].chunks.count() == 5


# What goes on ---------------------------------------------------------------------------------------


def test_what_is_compacted_before_it_is_judged_fires_the_same(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(aggregation="average", window=2), event="RUN_METRIC", cooldown_seconds=0, rate_limit=0)
    logged(world, "one", 8)
    other = logged(world, "other", 8)
    compact(other)
    while evaluate():
        pass
    told = Execution.objects.order_by("id").values_list("subject_label", "why")
    assert [why for run, why in told if run == "one"] == [why for run, why in told if run == "other"] != []


def test_a_chart_of_a_long_history_is_spread_over_all_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downsampling, "_MOST_UNPACKED", 2)
    run = world.run()
    for start in range(0, 12_000, 1_000):
        post(run, start, [{"_step": step, "loss": step / 7} for step in range(start, start + 1_000)])
    post(run, 12_000, [{"_step": 12_000, "loss": 1, "rare": 1}])
    compact(run)
    found = [row["_step"] for row in downsampled_rows(run)]
    assert (found[0], found[-1], found == sorted(set(found)), len(found) > 200) == (0, 12_000, True, True)
    assert max(later - earlier for earlier, later in pairwise(found)) < 100


def test_chunks_of_the_first_format_are_read_for_ever() -> None:
    rows = [
        {
            "_step": step,
            "_timestamp": 1790000000.123456 + step,
            "loss": (0.1, 0.25, 0.7071067690849304)[step % 3],
            "lr": 1 / (step + 3),
            "acc": 0.5 if step % 2 else 1,
            "odd": ("a", None, True, {"x": [1.5, 2**70]})[step % 4],
        }
        for step in range(8)
    ]
    rows[5] = {"loss": float("nan"), "_step": 5}
    chunk = HistoryChunk(pk=9, run_id=1, offset=4, position=4, row_count=8, packed=first_format.PACKED, first_part=8)
    parts = [(part.pk, part.offset, part.created_at.microsecond, json_text(part.rows)) for part in parts_of(chunk)]
    assert parts == [(8, 4, 123456, json_text(rows[:1])), (9, 5, 123456, json_text(rows[1:]))]
