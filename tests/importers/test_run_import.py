"""What every import owes, whatever it reads: nothing is lost, nothing comes twice, forks stay forks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automations.models import Execution
from automations.tasks import work
from events.models import Event
from importers.import_session import import_runs, parents_first
from importers.imported_run import ImportedAlert, ImportedRun
from importers.run_import import import_run
from projects.history.reading import rows_of
from projects.models import HistoryChunk, Run, RunState
from projects.runs.branching import BranchPoint
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails
from tests.world import World, threshold

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rows(*steps: int) -> Iterator[dict[str, Any]]:
    return ({"_step": step, "_timestamp": BEGUN.timestamp() + step, "loss": float(step)} for step in steps)


def imported(name: str = "run1", *steps: int, **values: Any) -> ImportedRun:
    said = {
        "project": "mnist", "name": name, "state": RunState.FINISHED, "started_at": BEGUN,
        "ended_at": BEGUN + timedelta(hours=1), "details": RunDetails(display_name=name),
        "rows": lambda: rows(*steps),
    }  # fmt: skip
    return ImportedRun(**{**said, **values})


def losses(name: str) -> list[float]:
    return [row["loss"] for row in rows_of(Run.objects.get(name=name))]


def test_an_import_goes_on_where_it_was_interrupted(world: World) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from rows(*range(450))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        import_run(world.team, imported(rows=broken), by=None)
    assert 0 < Run.objects.get().rows_logged < 450
    import_run(world.team, imported("run1", *range(1000)), by=None)
    assert losses("run1") == [float(step) for step in range(1000)]


def test_rows_have_the_time_they_were_logged_at(world: World) -> None:
    import_run(world.team, imported("run1", *range(400)), by=None)
    times = HistoryChunk.objects.order_by("offset").values_list("created_at", flat=True)
    assert list(times) == [BEGUN + timedelta(seconds=199), BEGUN + timedelta(seconds=399)]


def test_what_people_changed_here_stays(world: World) -> None:
    import_run(world.team, imported(details=RunDetails(display_name="there", config={"lr": 1})), by=None)
    Run.objects.update(display_name="here", tags=["mine"], config={"lr": 2})
    said = RunDetails(display_name="there", config={"lr": 1, "layers": 3}, notes="new")
    import_run(world.team, imported(details=said), by=None)
    run = Run.objects.get()
    assert (run.display_name, run.tags, run.notes, run.config) == ("here", ["mine"], "new", {"lr": 2, "layers": 3})


def test_a_run_that_runs_here_goes_on_running(world: World) -> None:
    ingest_rows(world.run("run1"), 0, list(rows(0)))
    done = import_run(world.team, imported("run1", 0, 1), by=None)
    assert (done.rows, Run.objects.get().state) == (1, RunState.RUNNING)


def test_a_fork_has_the_rows_of_its_parent_whichever_is_named_first(world: World) -> None:
    child = imported("child", 3, fork=BranchPoint("parent", 2))
    report = import_runs(world.team, [child, imported("parent", *range(10))], by=None, tell=lambda line: None)
    assert (losses("child"), report.problems) == ([0, 1, 2, 3], [])
    assert Run.objects.get(name="child").branch == {"kind": "fork", "run": "parent", "step": 2, "rows": 3}


def test_a_fork_without_its_parent_is_told_and_stays_a_fork(world: World) -> None:
    child = imported("child", 3, fork=BranchPoint("parent", 2))
    report = import_runs(world.team, [child], by=None, tell=lambda line: None)
    assert losses("child") == [3]
    assert Run.objects.get().branch["run"] == "parent"
    assert report.problems == [
        "mnist/child: without the rows of its parent: There is no run 'parent' in acme/mnist. "
        "Name one of this project by its id."
    ]


def test_forks_of_each_other_come_in_some_order() -> None:
    one, other = imported("a", fork=BranchPoint("b", 1)), imported("b", fork=BranchPoint("a", 1))
    assert {run.name for run in parents_first([one, other])} == {"a", "b"}


def test_alerts_are_kept_and_not_told(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(event="RUN_ALERT")
    import_run(world.team, imported(alerts=[ImportedAlert("High", "loss", "WARN", BEGUN)]), by=None)
    work()
    event = Event.objects.get(kind="run.alert")
    assert (event.data["title"], event.occurred_at, event.processed_at is None) == ("High", BEGUN, False)
    assert not Execution.objects.exists()


def test_the_engine_wakes_for_what_is_logged_after_an_import(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    import_run(world.team, imported("run1", 5), by=None)
    assert not Event.objects.filter(kind="run.history").exists()
    ingest_rows(Run.objects.get(), 1, [{"_step": 6, "loss": 9}])
    assert Event.objects.filter(kind="run.history", processed_at=None).count() == 1
