"""The walk that compacts history: what is old, of every run, a little at a time, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from operations.compaction import table_walk_progress
from operations.compaction.kinds import history_chunks
from operations.compaction.table_walk import registry
from operations.models import WalkProgress
from projects.history.reading import rows_of
from projects.models import HistoryChunk, Run
from projects.runs.ingest import ingest_rows
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(world: World) -> list[Run]:
    """Three runs that logged by turns, hours ago but for what they log now."""
    runs = [world.run(f"run{number}") for number in range(3)]
    for post in range(6):
        for run in runs:
            rows = [{"_step": step, "loss": step / 7, "acc": 0.25} for step in range(50 * post, 50 * post + 50)]
            ingest_rows(run, 50 * post, rows)
        if post == 3:
            HistoryChunk.objects.update(created_at=now() - timedelta(hours=3))
    table_walk_progress.walk_some()
    return runs


def turn() -> int:
    WalkProgress.objects.exclude(name="history_chunks").delete()
    WalkProgress.objects.update(due_at=now() - timedelta(seconds=1))
    return table_walk_progress.walk_some()


def chunks(run: Run) -> list[tuple[int, int | None]]:
    return list(run.chunks.order_by("position").values_list("row_count", "part_count"))


def test_what_is_old_is_merged_and_what_is_new_waits(runs: list[Run]) -> None:
    assert turn() == 12
    assert [chunks(run) for run in runs] == [[(200, 4), (50, None), (50, None)]] * 3
    assert [row["_step"] for row in rows_of(runs[1])] == list(range(300))


def test_what_has_become_old_joins_what_was_merged_before(runs: list[Run]) -> None:
    turn()
    HistoryChunk.objects.update(created_at=now() - timedelta(hours=3))
    assert turn() == 9
    assert [chunks(run) for run in runs] == [[(300, 6)]] * 3
    assert [turn(), turn()] == [0, 0]


def test_it_goes_on_where_it_was_killed(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_walk_progress, "_TURN_SECONDS", 0)
    monkeypatch.setattr(history_chunks, "_BATCH", 1)
    changed = []
    while sum(changed) < 12 and len(changed) < 30:
        changed.append(turn())
    assert ([one for one in changed if one], [len(chunks(run)) for run in runs]) == ([4, 4, 4], [3, 3, 3])
    assert WalkProgress.objects.get().after > 0


def test_it_may_be_done_all_at_once(runs: list[Run]) -> None:
    assert table_walk_progress.walk_all(registry.get("history_chunks")) == 12
