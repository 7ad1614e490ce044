"""Retention of what runs logged: it goes once a run is over for long, and nothing brings it back or makes it fire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.timezone import now

from artifacts.models import Collection
from artifacts.services import create_version, link
from automations.models import Execution
from automations.tasks import work
from operations.retention import removal, retention_kind
from operations.retention.cutoffs import cutoffs_of
from projects.history import row_removal
from projects.history.reading import rows_of
from projects.history.row_batch import RowBatch
from projects.models import HistoryChunk, Run, RunState
from projects.quota import usage_of
from projects.runs.editing import rewind_run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from tests.world import World, threshold

pytestmark = pytest.mark.django_db
Row = dict[str, Any]
START = datetime.fromisoformat("2026-01-05T12:00:00+00:00").timestamp()


@pytest.fixture(autouse=True)
def days(settings: Any) -> None:
    settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 0), "history": 30, "system_metrics": 30}


def row(step: int, start: float = START) -> Row:
    return {"_step": step, "loss": float(step), "_timestamp": start + step}


def sent(run: Run, offset: int, rows: list[Row]) -> Run:
    """Post rows of history, and a look at the machine for each, as the SDK does."""
    looks = [{"_timestamp": one["_timestamp"], "system.cpu": 50.0} for one in rows]
    return ingest_file_stream(run, FileStreamPost(history=RowBatch(offset, rows), system=RowBatch(offset, looks)))


def aged(world: World, name: str = "old", **details: Any) -> Run:
    """A run of 100 rows in ten chunks, over for 40 days."""
    run = world.run(name, **details)
    for offset in range(0, 100, 10):
        sent(run, offset, [row(step) for step in range(offset, offset + 10)])
    finish_run(run, 0)
    Run.objects.filter(pk=run.pk).update(finished_at=now() - timedelta(days=40))
    run.refresh_from_db()
    return run


def synced_again(world: World, run: Run, rows: list[Row]) -> Run:
    """What `wandb sync` does: it begins the run anew, sends all the folder holds, and ends it."""
    run = start_run(run.project, run.name, RunDetails(telemetry={}), user=world.users["alice"], anew=True).run
    for offset in range(0, len(rows), 25):
        sent(run, offset, rows[offset : offset + 25])
    return ingest_file_stream(run, FileStreamPost(exit_code=0))


def remove(key: str = "history") -> int:
    return removal.remove_all(retention_kind.registry.get(key))


def steps(run: Run) -> list[int]:
    return [one["_step"] for one in rows_of(run)]


def test_the_last_row_and_all_that_is_said_of_the_run_stay(world: World) -> None:
    run = aged(world)
    before: dict[str, Any] = dict(Run.objects.values().get())
    assert (remove(), steps(run), len(list(rows_of(run, "system")))) == (99, [99], 100)
    after: dict[str, Any] = dict(Run.objects.values().get())
    assert {name for name in before if before[name] != after[name]} == {"removed_rows", "bytes_logged"}
    assert (after["rows_logged"], after["summary"]["loss"]) == (100, 99.0)
    assert (remove("system_metrics"), len(list(rows_of(run, "system")))) == (99, 1)


def test_the_team_has_the_room_again(world: World) -> None:
    aged(world)
    remove()
    remove("system_metrics")
    kept = sum(len(text) for text in HistoryChunk.objects.extra(select={"text": "rows"}).values_list("text", flat=True))
    assert usage_of(world.team).rows == kept


def test_a_second_sync_brings_nothing_back_and_nothing_fires(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    run = aged(world)
    remove()
    remove("system_metrics")
    world.automation(threshold(), event="RUN_METRIC", cooldown_seconds=0)
    world.automation({"type": "run_state", "states": ["finished", "running"]}, name="states", cooldown_seconds=0)
    after = synced_again(world, run, [row(step) for step in range(100)])
    work()
    assert (steps(run), len(list(rows_of(run, "system"))), after.state) == ([99], 1, RunState.FINISHED)
    assert (after.rows_logged, after.differing_rows, Execution.objects.count()) == (100, {}, 0)


def test_of_a_folder_that_has_grown_only_what_was_never_there_comes(world: World) -> None:
    run = aged(world)
    remove()
    after = synced_again(world, run, [row(step) for step in range(103)])
    assert (steps(run), after.rows_logged, after.summary["loss"]) == ([99, 100, 101, 102], 103, 102.0)


def test_a_script_that_begins_anew_under_its_id_is_kept(world: World) -> None:
    run = aged(world)
    remove()
    synced_again(world, run, [row(step, start=START + 9e6) for step in range(5)])
    assert sorted(steps(run)) == [0, 1, 2, 3, 4, 99]


def test_a_run_that_went_on_loses_its_new_rows_in_their_time(world: World) -> None:
    run = aged(world)
    remove()
    synced_again(world, run, [row(step) for step in range(103)])
    assert remove() == 0
    Run.objects.update(finished_at=now() - timedelta(days=31))
    Run.objects.update(removed_rows={"history": {**_tombstone(run), "at": (now() - timedelta(days=35)).isoformat()}})
    assert (remove(), steps(run)) == (3, [102])
    synced_again(world, run, [row(step) for step in range(103)])
    assert steps(run) == [102]


def test_rows_without_times_are_known_by_their_steps_and_lines(world: World) -> None:
    run = world.run()
    rows: list[Row] = [{"_step": step, "loss": 1.0 * step} for step in range(5)] + [{"loss": 9.0}, {"loss": 8.0}]
    ingest_file_stream(run, FileStreamPost(history=RowBatch(0, rows)))
    finish_run(run, 0)
    Run.objects.update(finished_at=now() - timedelta(days=40))
    assert remove() == 6
    ingest_file_stream(run, FileStreamPost(history=RowBatch(0, [*rows, {"loss": 7.0}])))
    assert [one["loss"] for one in rows_of(run)] == [8.0, 7.0]


def test_runs_that_run_are_young_pinned_or_linked_keep_their_rows(world: World) -> None:
    aged(world, "pinned", tags=["best", "pinned"])
    linked = aged(world, "linked")
    made, released = (
        Collection.objects.create(project=world.project, name=name, type="model", holds_links=name == "released")
        for name in ("model", "released")
    )
    create_version(made, "d1", run=linked)
    link(linked.versions.get(), released)
    young = aged(world, "young")
    Run.objects.filter(pk=young.pk).update(finished_at=now() - timedelta(days=29))
    alive = aged(world, "alive")
    Run.objects.filter(pk=alive.pk).update(state=RunState.RUNNING)
    aged(world, "old")
    assert remove() == 99
    assert HistoryChunk.objects.filter(stream="history").count() == 41


def test_what_waits_to_be_judged_is_waited_for(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    aged(world)
    assert remove() == 0
    work()
    assert remove() == 99


def test_a_long_run_goes_in_short_transactions_and_each_is_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_removal, "_MOST_CHUNKS", 3)
    run = aged(world)
    kind = retention_kind.registry.get("history")()
    first = kind.remove_batch(cutoffs_of(type(kind)), 0)
    assert (first.removed, first.after, steps(run)) == (30, run.pk - 1, list(range(30, 100)))
    # Killed here, and synced again meanwhile.
    synced_again(world, run, [row(step) for step in range(100)])
    assert steps(run) == list(range(30, 100))
    Run.objects.update(finished_at=now() - timedelta(days=40))
    assert (remove(), steps(run)) == (69, [99])


def test_such_a_run_is_not_forked_or_rewound(world: World) -> None:
    run = aged(world)
    remove()
    telemetry = {"branch_point": {"run_id": run.name, "step": 50}}
    for branch in (
        lambda: start_run(run.project, "child", RunDetails(telemetry=telemetry), user=None),
        lambda: rewind_run(run, 50),
    ):
        with pytest.raises(ValidationError, match="is gone but its last row"):
            branch()
    assert (Run.objects.count(), steps(run)) == (1, [99])


def test_a_dry_run_counts_the_rows_of_each_team(world: World) -> None:
    aged(world)
    aged(world, "pinned", tags=["pinned"])
    kind = retention_kind.registry.get("history")
    assert kind().count_due(cutoffs_of(kind)) == {world.team.pk: 99}
    remove()
    assert kind().count_due(cutoffs_of(kind)) == {}


def test_page_and_rest_say_what_is_gone(world: World, client: Any) -> None:
    run = aged(world)
    remove()
    client.force_login(world.users["vera"])
    page = client.get(run.get_absolute_url()).content.decode()
    assert f"99 rows were removed until {now():%Y-%m-%d} by retention" in page
    said = client.get(f"/api/v1/projects/acme/mnist/runs/{run.name}").json()["removed_rows"]
    assert {name: said["history"][name] for name in ("rows", "step", "line", "time")} == {
        "rows": 99, "step": 99.0, "line": 100, "time": START + 99,
    }  # fmt: skip


def _tombstone(run: Run) -> Any:
    run.refresh_from_db()
    return run.removed_rows["history"]
