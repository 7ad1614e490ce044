"""What people say of a run afterwards, on its page and over REST."""

from __future__ import annotations

from django.test import Client
from rest_framework.test import APIClient

from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from tests.pages.people import PROJECT, text
from tests.world import World

EDIT, REST = f"{PROJECT}/runs/r1/edit", "/api/v1/projects/acme/mnist/runs/r1"


def test_a_member_says_what_a_run_was(bob: Client, world: World) -> None:
    run = world.run("r1", display_name="old", tags=["a, b", "gone"], notes="before")
    finish_run(run, 0)
    assert "a, b\ngone</textarea>" in text(bob.get(EDIT))
    sent = {"display_name": "best so far", "tags": "a, b\r\nnightly\r\n\r\nnightly", "notes": "two\r\nlines"}
    page = text(bob.post(EDIT, sent, follow=True))
    run.refresh_from_db()
    assert (run.display_name, run.tags, run.notes) == ("best so far", ["a, b", "nightly"], "two\nlines")
    assert run.state == "finished"
    assert "What is said of this run is changed." in page
    assert "two<br>lines" in page


def test_the_audit_log_tells_who_changed_what_is_said_of_a_run(bob: Client, world: World) -> None:
    world.run("r1", tags=["a"], notes="before")
    bob.post(EDIT, {"display_name": "", "tags": "b", "notes": "before"})
    told = AuditEvent.objects.get(verb="run.change")
    assert (told.actor, told.target, told.team) == ("bob", "run acme/mnist/r1", world.team)
    assert (told.before, told.after) == ({"tags": ["a"]}, {"tags": ["b"]})


def test_a_tag_that_is_too_long_is_refused_and_nothing_changed(bob: Client, world: World) -> None:
    run = world.run("r1", notes="before")
    answer = bob.post(EDIT, {"display_name": "", "tags": "x" * 129, "notes": "after"})
    run.refresh_from_db()
    assert (answer.status_code, run.notes, run.tags) == (422, "before", [])
    assert "128 characters are the most" in text(answer)


def test_a_viewer_is_not_offered_to_edit_a_run(vera: Client, bob: Client, world: World) -> None:
    world.run("r1")
    link = f'href="{EDIT}"'
    assert [link in text(one.get(f"{PROJECT}/runs/r1")) for one in (vera, bob)] == [False, True]


def test_rest_says_the_same_of_a_run(api: APIClient, world: World) -> None:
    run = world.run("r1", display_name="old", tags=["a"])
    finish_run(run, 1)
    answer = api.patch(REST, {"notes": "n", "tags": ["b"]}, format="json")
    assert (answer.status_code, answer.json()["notes"], answer.json()["tags"]) == (200, "n", ["b"])
    run.refresh_from_db()
    assert (run.display_name, run.state) == ("old", "failed")
    assert api.patch(REST, {"state": "finished"}, format="json").status_code == 400
