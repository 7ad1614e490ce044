"""Old system metrics are thinned, and files of old runs let go of: nothing brings them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from operations.retention import removal, retention_kind
from operations.retention.cutoffs import cutoffs_of
from projects.history import row_removal
from projects.history.reading import rows_of
from projects.history.row_batch import RowBatch
from projects.models import Run, RunFile, StoredFile
from projects.runs.history_compaction import compact_from
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import finish_run
from tests.world import World

pytestmark = pytest.mark.django_db
START = 1_790_000_100.0


@pytest.fixture(autouse=True)
def days(settings: Any) -> None:
    settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 0), "system_detail": 30, "run_files": 30}


def looks(first: int, count: int) -> list[dict[str, Any]]:
    """A look at the machine each half minute."""
    return [{"_timestamp": START + 30 * at, "system.cpu": float(at)} for at in range(first, first + count)]


@pytest.fixture(params=["as it was posted", "compacted"])
def run(world: World, request: pytest.FixtureRequest) -> Run:
    """A run that logged for an hour, and is over for 40 days."""
    run = world.run()
    for first in range(0, 120, 8):
        ingest_file_stream(run, FileStreamPost(system=RowBatch(first, looks(first, 8))))
    finish_run(run, 0)
    Run.objects.update(finished_at=now() - timedelta(days=40))
    if request.param == "compacted":
        sum(compact_from(run.chunks.order_by("position")[0], now() + timedelta(days=1)))
        # What is new since then stays by itself.
        ingest_file_stream(run, FileStreamPost(system=RowBatch(120, looks(120, 8))))
        finish_run(run, 0)
        Run.objects.update(finished_at=now() - timedelta(days=40))
    run.refresh_from_db()
    return run


def kept(run: Run) -> list[int]:
    return [int(row["system.cpu"]) for row in rows_of(run, "system")]


def removed(kind: str) -> int:
    return removal.remove_all(retention_kind.registry.get(kind))


@pytest.mark.parametrize("at_once", [1, 200])
def test_one_look_in_five_minutes_is_left_and_the_last_ones(
    run: Run, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_removal, "_MOST_CHUNKS", at_once)
    before, bytes_before = kept(run), run.bytes_logged or 0
    kind = retention_kind.registry.get("system_detail")
    due = kind().count_due(cutoffs_of(kind))[run.project.team_id]
    gone = removed("system_detail")
    left, (*_, end) = kept(run), before
    assert (gone, abs(gone - due) <= 9) == (len(before) - len(left), True)
    assert left == sorted({*before[::10], *before[-8:]})
    assert end in left
    assert removed("system_detail") == 0
    run.refresh_from_db()
    assert 0 < (run.bytes_logged or 0) < bytes_before


def test_what_is_synced_again_brings_none_of_it_back(run: Run) -> None:
    removed("system_detail")
    left = kept(run)
    ingest_file_stream(run, FileStreamPost(system=RowBatch(0, looks(0, left[-1] + 3))))
    assert kept(run) == [*left, left[-1] + 1, left[-1] + 2]


def test_rows_of_pinned_runs_stay_in_full(run: Run) -> None:
    Run.objects.update(tags=["pinned"])
    assert (removed("system_detail"), removed("run_files")) == (0, 0)


def test_files_of_old_runs_are_let_go_of_and_their_names_stay(world: World) -> None:
    old, new = world.run("old"), world.run("new")
    for run in (old, new):
        content = StoredFile.objects.create(team=world.team, key=run.name, md5=run.name, size=3, arrived_at=now())
        RunFile.objects.create(run=run, name="config.yaml", content=content)
        finish_run(run, 0)
    Run.objects.filter(pk=old.pk).update(finished_at=now() - timedelta(days=40))
    assert (removed("run_files"), removed("run_files")) == (1, 0)
    assert list(RunFile.objects.order_by("pk").values_list("name", "content__key")) == [
        ("config.yaml", None),
        ("config.yaml", "new"),
    ]
