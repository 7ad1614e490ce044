"""A run whose machine is taken away is preempted, which is no failure; resumed, it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from events.models import Event
from projects.history.row_batch import RowBatch
from projects.models import Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, finish_run, heartbeat, mark_crashed, mark_preempting, stop_run
from projects.runs.lifecycle import start_run as start
from projects.runs.manual_state import set_state_manually
from tests.world import World

PREEMPTING = "/api/v1/projects/acme/mnist/runs/run1/preempting"


def states() -> list[str]:
    return [event.data["state"] for event in Event.objects.filter(kind="run.state").order_by("pk")]


def grow_silent() -> None:
    Run.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))
    assert mark_crashed() == 1


@pytest.mark.parametrize(("exit_code", "state"), [(1, "preempted"), (255, "preempted"), (0, "finished")])
def test_a_run_that_is_preempted_and_ends_is_preempted_unless_it_was_done(
    world: World, exit_code: int, state: str
) -> None:
    run = world.run()
    ingest_file_stream(run, FileStreamPost(preempting=True))
    assert Run.objects.get().state == "running"
    assert ingest_file_stream(run, FileStreamPost(exit_code=exit_code)).state == state
    assert states() == ["running", state]


def test_both_may_come_in_one_post(world: World) -> None:
    assert ingest_file_stream(world.run(), FileStreamPost(preempting=True, exit_code=1)).state == "preempted"


def test_a_run_that_is_preempted_and_falls_silent_is_preempted_until_it_is_heard_of_again(world: World) -> None:
    run = world.run()
    mark_preempting(run)
    grow_silent()
    assert Run.objects.get().state == "preempted"
    assert heartbeat(run).state == "running"
    grow_silent()
    assert states() == ["running", "preempted", "running", "crashed"]


def test_what_a_person_asked_for_goes_before_what_the_machine_did(world: World) -> None:
    run = world.run()
    mark_preempting(run)
    stop_run(run)
    assert finish_run(run, 1).state == "killed"


def test_no_late_post_revives_a_run_that_said_its_end(world: World) -> None:
    run = world.run()
    ingest_file_stream(run, FileStreamPost(preempting=True, exit_code=1))
    assert ingest_file_stream(run, FileStreamPost()).state == "preempted"
    assert ingest_file_stream(run, FileStreamPost(preempting=True, exit_code=1)).state == "preempted"
    assert states() == ["running", "preempted"]


def test_resumed_it_goes_on_and_a_failure_is_one_then(world: World) -> None:
    run = world.run()
    ingest_file_stream(run, FileStreamPost(history=RowBatch(0, [{"_step": 0}]), preempting=True, exit_code=1))
    details = RunDetails(telemetry={"t": {"1": 2}})
    start(world.project, "run1", details, user=world.users["alice"], anew=True)
    again = ingest_file_stream(run, FileStreamPost(history=RowBatch(1, [{"_step": 1}])))
    assert (again.state, again.preempting_at, again.exit_code, again.rows_logged) == ("running", None, None, 2)
    assert finish_run(run, 1).state == "failed"
    assert states() == ["running", "preempted", "running", "failed"]


def test_a_folder_that_is_synced_again_is_still_preempted_and_tells_nothing(world: World) -> None:
    for _ in range(2):
        start(world.project, "run1", RunDetails(telemetry={"t": {}}), user=world.users["alice"], anew=True)
        run = Run.objects.select_related("project__team").get()
        ingest_file_stream(run, FileStreamPost(history=RowBatch(0, [{"_step": 0}]), preempting=True, exit_code=1))
    assert states() == ["running", "preempted"]


def test_a_person_lets_it_wait_for_another_start(world: World) -> None:
    run = world.run()
    ingest_file_stream(run, FileStreamPost(preempting=True, exit_code=1))
    waiting = set_state_manually(run, "pending")
    assert (waiting.state, waiting.preempting_at) == ("pending", None)


def test_over_rest_it_is_said_and_of_a_run_that_is_over_it_is_a_conflict(api: APIClient, world: World) -> None:
    run = world.run()
    since = api.post(PREEMPTING).json()["preempting_at"]
    assert api.post(PREEMPTING).json()["preempting_at"] == since
    assert api.post(PREEMPTING.replace("preempting", "finish"), {"exit_code": 1}, "json").json()["state"] == "preempted"
    answer = api.post(PREEMPTING)
    assert (answer.status_code, "only a running run can be preempted" in answer.content.decode()) == (409, True)
    assert run.pk == Run.objects.get(state="preempted").pk


def test_its_page_and_the_list_of_runs_say_so(world: World, client: Client) -> None:
    run = world.run()
    mark_preempting(run)
    client.login(username="vera", password="vera-password")
    assert "Its machine is being taken away" in client.get("/acme/mnist/runs/run1").content.decode()
    finish_run(run, 1)
    for page in ("/acme/mnist/runs/run1", "/acme/mnist?state=preempted"):
        assert '<span class="state preempted">' in client.get(page).content.decode()
