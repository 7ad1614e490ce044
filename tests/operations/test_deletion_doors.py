"""The doors of deletion: REST, the pages and the command refuse and do the same."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from projects.models import Project
from teams.models import Deletion
from tests.world import World

pytestmark = pytest.mark.any_database

MNIST = {"kind": "project", "name": "acme/mnist"}
PAGE = "/profile/deletions/new?kind=project&name=acme/mnist"


def command(*words: str) -> str:
    out = StringIO()
    call_command("delete", *words, stdout=out)
    return out.getvalue()


def test_rest_counts_deletes_and_undoes(world: World, api: APIClient) -> None:
    world.run("run1")
    counted = api.get("/api/v1/deletions/contents", MNIST).json()
    assert counted["contents"]["runs"] == 1
    refused = api.post("/api/v1/deletions", {**MNIST, "confirm": "mnist"}, format="json")
    assert (refused.status_code, Deletion.objects.count()) == (400, 0)
    made = api.post("/api/v1/deletions", {**MNIST, "confirm": "acme/mnist"}, format="json")
    assert (made.status_code, made.json()["contents"]["runs"]) == (201, 1)
    assert api.get("/api/v1/projects/acme/mnist").status_code == 404
    assert [one["name"] for one in api.get("/api/v1/deletions").json()["results"]] == ["acme/mnist"]
    undone = api.post(f"/api/v1/deletions/{made.json()['id']}/undo")
    assert (undone.status_code, undone.json()["undone_at"] is None) == (200, False)
    assert api.get("/api/v1/projects/acme/mnist").status_code == 200
    assert api.post(f"/api/v1/deletions/{made.json()['id']}/undo").status_code == 409


def test_rest_refuses_a_kind_that_is_none(world: World, api: APIClient) -> None:
    answer = api.get("/api/v1/deletions/contents", {"kind": "planet", "name": "mars"})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, ["kind"])


def test_a_project_whose_name_is_taken_is_told_so(world: World, api: APIClient) -> None:
    api.post("/api/v1/deletions", {**MNIST, "confirm": "acme/mnist"}, format="json")
    answer = api.post("/api/v1/projects/acme", {"name": "mnist"}, format="json")
    assert (answer.status_code, "until then its name is taken" in answer.json()["errors"][0]["message"]) == (400, True)


def test_the_page_lists_what_goes_and_takes_the_name(world: World, client: Client) -> None:
    world.run("run1")
    client.force_login(world.users["alice"])
    assert "Runs" in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"confirm": "mnist"}).status_code == 422
    assert Project.objects.filter(name="mnist").exists()
    assert client.post(PAGE, {"confirm": "acme/mnist"}).status_code == 302
    assert "acme/mnist" in client.get("/profile/deletions").content.decode()
    assert client.post(f"/profile/deletions/{Deletion.objects.get().pk}/undo").status_code == 302
    assert Project.objects.filter(name="mnist").exists()


def test_the_projects_settings_lead_admins_there(world: World, client: Client) -> None:
    for person, is_led in (("alice", True), ("bob", False)):
        client.force_login(world.users[person])
        page = client.get("/acme/mnist/edit").content.decode()
        assert (f"{PAGE.replace('&', '&amp;')}" in page) is is_led


def test_the_command_counts_deletes_and_undoes(world: World) -> None:
    world.run("run1")
    assert "1  Runs" in command("project", "acme/mnist", "--confirm", "acme/mnist")
    assert "project acme/mnist" in command()
    with pytest.raises(CommandError, match="There is no project"):
        command("project", "acme/mnist", "--confirm", "acme/mnist")
    assert command("project", "acme/mnist", "--undo") == "The project acme/mnist is back.\n"
    assert command() == "Nothing is being deleted.\n"


def test_the_command_does_nothing_under_another_name(world: World) -> None:
    with pytest.raises(CommandError, match="Write acme/mnist"):
        command("project", "acme/mnist", "--confirm", "acme")
    assert not Deletion.objects.exists()


def test_the_sdk_is_told_that_the_name_is_taken_and_by_what(world: World, api: APIClient) -> None:
    command("project", "acme/mnist", "--confirm", "acme/mnist")
    query = 'mutation { upsertBucket(input: {modelName: "mnist", entityName: "acme", name: "r"}) { bucket { id } } }'
    answer = api.post("/graphql", {"query": query}, format="json")
    assert answer.status_code == 422
    assert "until then its name is taken" in answer.content.decode()
    assert not Project.objects.filter(team=world.team).exists()
