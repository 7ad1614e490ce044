"""Fork and rewind: the rows up to the step, then the run's own; read, summed up and judged as any other."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from events.models import Event
from projects.history.reading import past_values, rows_of
from projects.history.step_ranges import last_step
from projects.models import HistoryChunk, Run
from projects.runs.editing import delete_run, rewind_run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, start_run
from tests.world import World, threshold


@pytest.fixture
def parent(world: World) -> Run:
    run = world.run("parent")
    for start in (0, 7, 14):
        ingest_rows(run, start, [{"_step": step, "loss": step, "net": {"a": step}} for step in range(start, start + 7)])
    return run


def fork(world: World, step: float, name: str = "child", of: str = "parent") -> Run:
    details = RunDetails(telemetry={"branch_point": {"run_id": of, "step": step}})
    return start_run(world.project, name, details, user=world.users["alice"], anew=True).run


def losses(run: Run) -> list[int]:
    return [row["loss"] for row in rows_of(run)]


@pytest.mark.parametrize("step", [0, 5, 6, 7, 13, 20])
def test_a_fork_has_the_rows_up_to_the_step_and_then_its_own(world: World, parent: Run, step: int) -> None:
    child = fork(world, step)
    assert child.shown_summary == {"_step": step, "loss": step, "net": {"a": step}}
    ingest_rows(child, step + 1, [{"_step": step + 1, "loss": 99}])
    assert losses(child) == [*range(step + 1), 99]
    child.refresh_from_db()
    assert (child.rows_logged, last_step(child), child.branch["run"]) == (step + 2, step + 1, "parent")
    assert past_values(child.pk, "history", "loss", before=step + 1, count=3) == [*range(step + 1)][-3:]


def test_nothing_of_a_fork_is_judged_that_was_judged_before(world: World, parent: Run) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    fork(world, 10)
    assert not Event.objects.filter(kind="run.history").exists()


def test_a_fork_stays_where_its_parent_is_deleted(world: World, parent: Run) -> None:
    child = fork(world, 3)
    delete_run(parent)
    assert losses(child) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("of", "step", "said"),
    [("nobody", 3, "There is no run 'nobody'"), ("parent", 21, "has come to step 20, and not to step 21")],
)
def test_what_cannot_be_forked_is_refused_and_nothing_begins(
    world: World, parent: Run, of: str, step: int, said: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        fork(world, step, of=of)
    assert said in str(refusal.value)
    assert not Run.objects.filter(name="child").exists()


def test_a_run_that_is_there_is_forked_into_by_its_own_script_alone(world: World, parent: Run) -> None:
    child = fork(world, 3)
    assert fork(world, 3) == child
    assert losses(child) == [0, 1, 2, 3]
    with pytest.raises(ValidationError) as refusal:
        fork(world, 4)
    assert "Fork into an id of its own" in str(refusal.value)


@pytest.mark.parametrize("step", [0, 5, 6, 13, 20])
def test_a_rewound_run_goes_on_from_the_step(world: World, parent: Run, step: int) -> None:
    assert losses(rewind_run(parent, step)) == [*range(step + 1)]
    ingest_rows(parent, step + 1, [{"_step": step + 1, "loss": 99}])
    parent.refresh_from_db()
    assert losses(parent) == [*range(step + 1), 99]
    assert (parent.rows_logged, parent.summary["loss"]) == (step + 2, 99)
    assert parent.branch == {"kind": "rewind", "run": "parent", "step": step, "rows": 20 - step}
    newest = parent.chunks.latest("position")
    # Where no window that was remembered goes on.
    assert newest.position > 21
    assert past_values(parent.pk, "history", "loss", before=newest.position, count=2) == [*range(step + 1)][-2:]


def test_a_run_is_not_rewound_to_where_it_never_was(world: World, parent: Run) -> None:
    with pytest.raises(ValidationError):
        rewind_run(parent, 21)
    assert losses(parent) == [*range(21)]


def again(run: Run, *steps: int) -> None:
    """What `wandb sync` sends of a folder that was written with resume_from: the rewind, and rows with their times."""
    rewind_run(run, 5)
    rows = [{"_step": step, "_timestamp": 1000.0 + step, "loss": float(step)} for step in steps]
    ingest_rows(run, steps[0], rows)


def test_a_folder_that_rewinds_is_synced_again_and_again(world: World, parent: Run) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(threshold=-1.0), event="RUN_METRIC")
    for steps, events in (([6, 7, 8], 1), ([6, 7, 8], 1), ([6, 7, 8, 9, 10], 2)):
        again(parent, *steps)
        Event.objects.update(processed_at=timezone.now())
        parent.refresh_from_db()
        assert losses(parent) == [*range(6), *steps]
        assert Event.objects.filter(kind="run.history").count() == events
    newest = HistoryChunk.objects.get(pk=Event.objects.latest("pk").data["chunk"])
    assert [row["_step"] for row in newest.rows] == [9, 10]


def test_what_waited_to_be_judged_when_it_was_taken_back_is_judged_when_it_comes_again(
    world: World, parent: Run
) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    again(parent, 6, 7)
    again(parent, 6, 7)
    assert Event.objects.filter(kind="run.history").count() == 2


def test_another_training_from_the_same_step_is_judged(world: World, parent: Run) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC")
    again(parent, 6, 7)
    Event.objects.update(processed_at=timezone.now())
    rewind_run(parent, 5)
    ingest_rows(parent, 6, [{"_step": 6, "_timestamp": 5000.0, "loss": 6.0}])
    assert Event.objects.filter(processed_at=None).count() == 1
