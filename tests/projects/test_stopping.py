"""A run is stopped from its page or over REST; its script is told when it next sends something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from events.models import Event
from projects.models import Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import RunDetails, finish_run, mark_crashed, start_run, stop_run
from tests.world import World

STOP = "/acme/mnist/runs/run1/stop"


def states() -> list[str]:
    return [event.data["state"] for event in Event.objects.filter(kind="run.state").order_by("pk")]


@pytest.mark.parametrize(("exit_code", "state"), [(255, "killed"), (1, "killed"), (0, "finished")])
def test_a_run_that_was_stopped_and_ends_is_killed_unless_it_was_done(world: World, exit_code: int, state: str) -> None:
    run = world.run()
    stop_run(run)
    assert ingest_file_stream(run, FileStreamPost(exit_code=exit_code)).state == state
    assert states() == ["running", state]


def test_a_run_that_was_stopped_and_falls_silent_is_killed(world: World) -> None:
    run = world.run()
    stop_run(run)
    Run.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))
    assert mark_crashed() == 1
    assert Run.objects.get().state == "killed"


def test_stopping_twice_is_stopping_once(world: World) -> None:
    run = world.run()
    first = stop_run(run).stop_requested_at
    assert stop_run(run).stop_requested_at == first


def test_a_run_that_is_over_cannot_be_stopped(world: World) -> None:
    run = world.run()
    finish_run(run, 0)
    with pytest.raises(ValidationError, match="is finished; only a running run can be stopped"):
        stop_run(run)
    assert Run.objects.get().stop_requested_at is None


def test_a_run_that_begins_again_is_not_stopped(world: World) -> None:
    run = world.run()
    stop_run(run)
    finish_run(run, 255)
    again = start_run(world.project, "run1", RunDetails(), user=world.users["alice"]).run
    assert (again.state, again.stop_requested_at, again.exit_code) == ("running", None, None)


def test_over_rest_a_run_is_stopped_and_one_that_is_over_is_a_conflict(api: APIClient, world: World) -> None:
    run = world.run()
    assert api.post("/api/v1/projects/acme/mnist/runs/run1/stop").json()["stop_requested_at"]
    finish_run(run, 1)
    assert api.post("/api/v1/projects/acme/mnist/runs/run1/stop").status_code == 409


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-yaml", "multipart/form-data; boundary=x", "text/x"]
)
def test_a_refusal_before_the_body_is_read_needs_no_body_that_can_be_read(
    api: APIClient, world: World, kind: str
) -> None:
    finish_run(world.run(), 1)
    for body in (b"x", b"null", b"\xff", b"{", b"[" * 90_000, b'"\\ud800"'):
        answer = api.generic("POST", "/api/v1/projects/acme/mnist/runs/run1/stop", body, content_type=kind)
        assert answer.status_code == 409, body[:9]


def test_its_page_has_a_button_for_members(world: World, client: Client) -> None:
    world.run()
    client.login(username="bob", password="bob-password")
    assert f'action="{STOP}"' in client.get("/acme/mnist/runs/run1").content.decode()
    page = client.post(STOP, follow=True).content.decode()
    assert "is told to stop when it next sends something" in page
    assert "Told to stop" in page
    assert Run.objects.get().stop_requested_at is not None


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404)])
def test_who_may_not_change_the_run_may_not_stop_it(world: World, client: Client, who: str, status: int) -> None:
    world.run()
    client.login(username=who, password=f"{who}-password")
    assert client.post(STOP).status_code == status
    assert Run.objects.get().stop_requested_at is None


def test_a_viewer_sees_no_button(world: World, client: Client) -> None:
    world.run()
    client.login(username="vera", password="vera-password")
    assert STOP not in client.get("/acme/mnist/runs/run1").content.decode()
