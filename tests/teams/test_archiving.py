"""What is archived can be read, is changed by nobody through no door, fires nothing, and comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from automations.engine.evaluation import evaluate
from automations.models import Execution
from projects.runs.lifecycle import finish_run
from projects.services import archive_project
from registries.organizations.services import change_organization, change_team
from registries.services import archive_registry, create_registry
from teams.models import AuditEvent, Team
from tests.conftest import as_person
from tests.pages.people import bell, browser, text
from tests.world import World

RUN = "/api/v1/projects/acme/mnist/runs/run1"
ROWS = {"offset": 0, "rows": [{"loss": 1.0}]}


@pytest.fixture
def there(world: World) -> World:
    bell(world)
    world.run("run1")
    return world


def archive(world: World, what: str, archived: bool = True) -> None:
    alice = world.users["alice"]
    if what == "project":
        archive_project(world.project, archived, by=alice)
    elif what == "team":
        change_team(Team.objects.get(name="acme"), {"archived": archived}, by=alice)
    else:
        organization = Team.objects.get(name="acme").organization
        change_organization(organization, {"archived": archived}, by=alice)


EACH = pytest.mark.parametrize("what", ["project", "team", "organization"])


@EACH
def test_it_can_be_read_and_its_scripts_are_refused(there: World, api: APIClient, what: str) -> None:
    archive(there, what)
    assert api.get(RUN).status_code == 200
    answers = [
        api.post(f"{RUN}/history", ROWS, format="json"),
        api.post(f"{RUN}/finish", {}, format="json"),
        api.post("/api/v1/projects/acme/mnist/runs", {"name": "new"}, format="json"),
        api.patch("/api/v1/projects/acme/mnist", {"description": "new"}, format="json"),
        api.patch(RUN, {"notes": "new"}, format="json"),
        api.post("/api/v1/projects/acme/mnist/collections", {"name": "new", "type": "model"}, format="json"),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert "is archived" in answers[0].json()["detail"]


@EACH
def test_nothing_fires_and_after_it_is_back_it_does(there: World, what: str) -> None:
    archive(there, what)
    run = there.project.runs.get()
    finish_run(run, 1)
    while evaluate():
        pass
    assert not Execution.objects.exists()
    archive(there, what, False)
    finish_run(there.run("run2"), 1)
    while evaluate():
        pass
    assert Execution.objects.count() == 1


@EACH
def test_the_sdk_is_refused_too(there: World, api: APIClient, what: str) -> None:
    archive(there, what)
    query = 'mutation { upsertBucket(input: { name: "new", modelName: "mnist", entityName: "acme" }) { inserted } }'
    answer = api.post("/graphql", {"query": query}, format="json")
    assert "is archived" in answer.content.decode()
    assert there.project.runs.count() == 1


@EACH
def test_pages_say_so_and_offer_no_change(there: World, what: str) -> None:
    archive(there, what)
    alice = browser(there, "alice")
    page = text(alice.get("/acme/mnist"))
    assert ("is archived" in page, "Bring it back" in page, ">Edit<" in page) == (True, True, False)
    assert alice.get("/acme/mnist/edit").status_code == 403
    assert alice.get("/acme/mnist/automations/new").status_code == 403
    assert "Bring it back" not in text(browser(there, "bob").get("/acme/mnist"))


def test_a_team_and_a_project_come_back_from_their_pages(there: World) -> None:
    alice = browser(there, "alice")
    for address in ("/teams/acme/archive", "/acme/mnist/archive"):
        assert alice.post(address, {"archived": "yes"}).status_code == 302
        assert alice.post("/acme/mnist/edit", {"late_after_hours": "48"}).status_code == 403
        assert alice.post(address, {"archived": "no"}).status_code == 302
        assert alice.post("/acme/mnist/edit", {"late_after_hours": "48"}).status_code == 302


def test_what_was_archived_before_its_organization_stays_so(world: World) -> None:
    alice, organization = world.users["alice"], world.team.organization
    change_team(world.other_team, {"archived": True}, by=alice)
    change_organization(organization, {"archived": True}, by=alice)
    organization.refresh_from_db()
    change_organization(organization, {"archived": False}, by=alice)
    archived = Team.objects.exclude(archived_at=None).values_list("name", flat=True)
    assert list(archived) == ["other"]


def test_a_team_does_not_come_back_without_its_organization(world: World, api: APIClient) -> None:
    change_organization(world.team.organization, {"archived": True}, by=world.users["alice"])
    assert api.patch("/api/v1/teams/acme", {"archived": False}, format="json").status_code == 409
    assert Team.objects.get(name="acme").archived_at is not None


def test_an_archived_registry_takes_no_link_and_comes_back(world: World, api: APIClient) -> None:
    registry = create_registry(world.team.organization, "models", by=world.users["alice"])
    archive_registry(registry, True)
    there = "/api/v1/registries/research/models"
    assert api.get(there).json()["archived_at"] is not None
    link = {"version": "acme/mnist/model:v0"}
    assert api.post(f"{there}/collections/best/link", link, format="json").status_code == 403
    assert api.patch(there, {"description": "new"}, format="json").status_code == 403
    assert api.patch(there, {"archived": False}, format="json").json()["archived_at"] is None


def test_a_repeat_is_told_once(world: World, api: APIClient) -> None:
    for _twice in range(2):
        assert api.patch("/api/v1/teams/acme", {"archived": True}, format="json").status_code == 200
    assert AuditEvent.objects.filter(verb="team.archive").count() == 1


def test_members_archive_nothing(world: World) -> None:
    bob: Any = as_person(world.keys["bob"])
    for address in ("/api/v1/teams/acme", "/api/v1/projects/acme/mnist"):
        assert bob.patch(address, {"archived": True}, format="json").status_code == 403
