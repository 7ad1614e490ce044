"""Several processes of one run, and a client that begins anew on a run that is over."""

from __future__ import annotations

from typing import Any

import pytest

from events.models import Event
from projects.history.console_output import output_lines
from projects.history.row_batch import RowBatch
from projects.models import Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, mark_crashed, start_run
from tests.world import World


def begin(world: World, writer: str = "", *, primary: bool = False, **config: Any) -> Run:
    telemetry = {"t": {"1": 2}, **({"e": {writer: {"host": writer}}} if primary else {})}
    details = RunDetails(config=config, telemetry=telemetry)
    return start_run(world.project, "run1", details, user=world.users["alice"], anew=True, writer=writer).run


def post(writer: str = "", **sent: Any) -> Run:
    return ingest_file_stream(Run.objects.select_related("project__team").get(), FileStreamPost(writer=writer, **sent))


def states() -> list[str]:
    return [event.data["state"] for event in Event.objects.filter(kind="run.state").order_by("pk")]


def rows(*steps: int) -> RowBatch:
    return RowBatch(0, [{"_step": step, "_timestamp": 1e9 + step} for step in steps])


def test_the_primary_ends_the_run_and_no_late_post_of_another_revives_it(world: World) -> None:
    begin(world, "a", primary=True, lr=1)
    begin(world, "b", seed=2)
    post("a", history=rows(0, 1), summary={"a": 1, "_timestamp": 5}, exit_code=0)
    post("b", history=RowBatch(0, [{"_step": 0, "b": 1}]), summary={"b": 1, "_timestamp": 4})
    begin(world, "b")
    begin(world, "c")
    post("c", exit_code=1)
    run = Run.objects.get()
    assert (states(), run.rows_logged, run.config) == (["running", "finished"], 3, {"lr": 1, "seed": 2})
    assert run.shown_summary == {"a": 1, "b": 1, "_timestamp": 5}
    assert run.telemetry["e"] == {"a": {"host": "a"}}
    assert mark_crashed() == 0


def test_a_new_primary_starts_a_shared_run_again(world: World) -> None:
    begin(world, "a", primary=True)
    post("a", exit_code=0)
    begin(world, "d", primary=True)
    assert states() == ["running", "finished", "running"]


def test_what_several_processes_print_is_kept_one_behind_the_other(world: World) -> None:
    begin(world, "a", primary=True)
    for writer, offset, lines in [("a", 0, "xy"), ("b", 0, "z"), ("a", 2, "w"), ("b", 0, "z"), ("b", 1, "v")]:
        post(writer, output=(offset, list(lines)))
    assert list(output_lines(Run.objects.get())) == ["x", "y", "z", "w", "v"]


@pytest.mark.parametrize("more", [0, 2])
def test_a_folder_that_is_synced_again_restarts_a_run_only_for_what_is_new(world: World, more: int) -> None:
    for turn in range(2):
        begin(world)
        post(system=RowBatch(0, [{"_timestamp": 1.0}]))
        lines = [f"2026-11-23T07:21:0{turn}.000000 epoch {number}" for number in range(3 + more * turn)]
        post(history=rows(*range(3 + more * turn)), output=(0, lines), exit_code=0)
    run = Run.objects.get()
    assert states() == ["running", "finished"] * (2 if more else 1)
    assert (run.state, run.rows_logged, run.is_restarting) == ("finished", 3 + more, False)
    assert len(list(output_lines(run))) == 3 + more


def test_a_script_that_begins_anew_runs_at_its_first_sign_and_keeps_what_it_prints(world: World) -> None:
    for turn in range(2):
        begin(world)
        post(system=RowBatch(0, [{"_timestamp": 10.0 + turn}]))
        assert Run.objects.get().state == "running"
        post(output=(0, ["2026-11-23T07:21:01.000000 epoch 0"]), exit_code=0)
    assert states() == ["running", "finished"] * 2
    assert len(list(output_lines(Run.objects.get()))) == 2


def test_a_script_that_only_lives_runs_again_too(world: World) -> None:
    begin(world)
    post(exit_code=0)
    begin(world)
    post()
    assert states() == ["running", "finished", "running"]


def test_an_older_copy_of_a_run_takes_nothing_from_its_summary(world: World) -> None:
    begin(world)
    post(summary={"loss": 2, "_timestamp": 20})
    post(summary={"loss": 1, "old": 1, "_timestamp": 10})
    assert Run.objects.get().shown_summary == {"loss": 2, "old": 1, "_timestamp": 20}
