"""Compaction of history: whatever is merged, whenever, every reader finds what it found before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common.data.fields import json_text
from events.event_types import registry
from projects.history.downsampling import SampleRequest, downsampled_rows, sampled_rows
from projects.history.reading import chunks_numbered, last_row, last_values_before, newest_chunks, past_values, rows_of
from projects.history.row_batch import RowBatch
from projects.history.step_ranges import last_step, rows_between
from projects.models import HistoryChunk, Run, Stream
from projects.runs.history_compaction import compact_from
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from tests.examples import stored
from tests.world import World

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
    for stream in Stream:
        yield f"rows {stream}", json_text(list(rows_of(run, stream)))
        yield f"last {stream}", json_text(last_row(run, stream))
        yield f"sampled {stream}", json_text(sampled_rows(run, SampleRequest(5, (), stream))[0])
        yield f"chart {stream}", json_text(list(downsampled_rows(run, stream)))
        for metric in METRICS:
            windows = [past_values(run.pk, stream, metric, before=one.data["position"], count=3) for one in contexts]
            yield f"windows {stream} {metric}", json_text(windows)
            mine = Run.objects.filter(pk=run.pk)
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
