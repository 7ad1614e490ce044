"""Old names lead to the new ones, for pages, REST and the SDK, until somebody takes them."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from artifacts.models import Registry
from automations.models import Automation
from projects.models import Project
from projects.services import create_project, get_or_create_project, rename_project
from registries.organizations.services import change_organization
from registries.services import change_registry, create_registry
from teams.joining.new_team import create_team
from teams.models import FormerName, Team
from teams.names.renaming import rename_team
from tests.pages.people import bell, browser, executions, text
from tests.world import World

RUN = "/api/v1/projects/acme/mnist/runs/run1"


def graphql(world: World, query: str, name: str = "alice") -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.keys[name]}")
    return client.post("/graphql", {"query": query}, format="json").json()["data"]


@pytest.fixture
def renamed(world: World) -> World:
    """acme/mnist is called vision/digits now."""
    world.run("run1")
    rename_project(world.project, "digits", by=world.users["alice"])
    world.team = rename_team(world.team, "vision", by=world.users["alice"])
    return world


def test_pages_lead_to_their_address_of_today_with_the_query(renamed: World) -> None:
    alice = browser(renamed, "alice")
    first = alice.get("/acme/mnist/runs?q=run&sort=name")
    assert (first.status_code, first["Location"]) == (302, "/vision/mnist/runs?q=run&sort=name")
    answer = alice.get("/acme/mnist/runs/run1", follow=True)
    assert answer.redirect_chain[-1][0] == "/vision/digits/runs/run1"
    assert answer.status_code == 200


def test_a_form_that_is_sent_to_an_old_address_is_sent_on(renamed: World) -> None:
    answer = browser(renamed, "alice").post("/acme/mnist/runs/run1/edit", {"notes": "kept"})
    assert (answer.status_code, answer["Location"]) == (307, "/vision/mnist/runs/run1/edit")


def test_a_stranger_learns_of_no_name(renamed: World) -> None:
    charlie = browser(renamed, "charlie")
    answers = [charlie.get(path) for path in ("/acme", "/vision", "/nowhere")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "vision" not in text(answers[0])


def test_rest_answers_as_before(renamed: World, api: APIClient) -> None:
    assert api.get(RUN).json()["name"] == "run1"
    assert api.get("/api/v1/projects/acme/mnist").json()["name"] == "digits"
    rows = {"offset": 0, "rows": [{"loss": 1.0}]}
    assert api.post(f"{RUN}/history", rows, format="json").status_code == 200
    automation = {
        "name": "by the old name", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_STATE",
        "conditions": [{"type": "run_state", "states": ["failed"]}], "action": {"type": "do_nothing"},
    }  # fmt: skip
    assert api.post("/api/v1/automations", automation, format="json").status_code == 201
    assert Automation.objects.get().scope_name == "vision/digits"


def test_the_sdk_finds_what_it_asks_for_by_the_old_name_and_makes_no_second_project(renamed: World) -> None:
    asked = graphql(renamed, '{ project(name: "mnist", entityName: "acme") { name entity { name } } }')
    assert asked["project"] == {"name": "digits", "entity": {"name": "vision"}}
    assert get_or_create_project(renamed.team, "mnist").name == "digits"
    assert Project.objects.count() == 1


def test_a_name_that_is_taken_leads_nowhere_else(renamed: World, api: APIClient) -> None:
    create_project(renamed.team, "mnist")
    assert api.get("/api/v1/projects/vision/mnist").json()["name"] == "mnist"
    create_team(renamed.team.organization, "acme", by=renamed.users["charlie"])
    assert api.get("/api/v1/teams/acme").status_code == 404
    assert not FormerName.objects.exists()


def test_back_to_the_name_of_before(renamed: World, api: APIClient) -> None:
    rename_team(Team.objects.get(name="vision"), "acme", by=renamed.users["alice"])
    assert api.get("/api/v1/teams/vision").json()["name"] == "acme"
    assert browser(renamed, "alice").get("/acme").status_code == 200


def test_an_organization_and_a_registry_are_led_to_as_well(world: World, api: APIClient) -> None:
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    change_registry(create_registry(organization, "models"), name="ours")
    change_organization(organization, {"name": "lab"}, by=world.users["alice"])
    assert api.get("/api/v1/registries/research/models").json()["name"] == "ours"
    assert api.get("/api/v1/organizations/research").json()["name"] == "lab"
    answer = browser(world, "alice").get("/registry/research/models", follow=True)
    assert answer.redirect_chain[-1][0] == "/registry/lab/ours"
    query = '{ project(name: "wandb-registry-models", entityName: "org.research") { name } }'
    assert graphql(world, query)["project"] == {"name": "wandb-registry-ours"}


def test_the_default_registry_is_not_made_anew_after_it_was_renamed(world: World) -> None:
    change_registry(create_registry(world.team.organization, "model"), name="ours")
    query = '{ project(name: "wandb-registry-model", entityName: "acme") { name } }'
    assert graphql(world, query)["project"] == {"name": "wandb-registry-ours"}
    assert Registry.objects.count() == 1


def test_what_a_run_caused_before_is_found_after_the_renaming(world: World) -> None:
    world.run("run1")
    (execution,) = executions(bell(world), 1)
    rename_project(world.project, "digits", by=world.users["alice"])
    rename_team(world.team, "vision", by=world.users["alice"])
    alice = browser(world, "alice")
    there = execution.get_absolute_url()
    assert there in text(alice.get("/vision/digits/runs/run1/automations"))
    assert there in text(alice.get("/executions?subject=/vision/digits/runs/run1"))


def test_names_are_changed_by_admins_over_rest_in_one_row(world: World, api: APIClient) -> None:
    bob = APIClient()
    bob.credentials(HTTP_AUTHORIZATION=f"Bearer {world.keys['bob']}")
    assert bob.patch("/api/v1/projects/acme/mnist", {"name": "digits"}, format="json").status_code == 403
    assert api.patch("/api/v1/projects/acme/mnist", {"name": "digits"}, format="json").json()["name"] == "digits"
    assert api.patch("/api/v1/teams/acme", {"name": "vision"}, format="json").json()["name"] == "vision"


@pytest.mark.parametrize("name", ["", "new", "Not A Slug", "other"])
def test_a_name_that_cannot_be_is_refused_and_nothing_changes(world: World, api: APIClient, name: str) -> None:
    assert api.patch("/api/v1/teams/acme", {"name": name}, format="json").status_code in (400, 409)
    assert (Team.objects.filter(name="acme").count(), FormerName.objects.count()) == (1, 0)


def test_a_page_that_is_made_from_its_query_does_not_lead_in_a_circle(renamed: World) -> None:
    answer: Any = browser(renamed, "alice").get("/automations/new?scope=project&in=acme/mnist")
    assert answer.status_code in (200, 302)
