"""Organizations in the product: who makes them, their admins, teams and domains."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from teams.models import Membership, Organization, Team, User
from tests.conftest import as_person
from tests.pages.people import browser, text
from tests.world import World

PAGE = "/orgs/research"


@pytest.fixture
def administered(world: World) -> World:
    world.team.organization.admins.add(world.users["alice"])
    return world


def test_its_page_shows_people_teams_and_domains_to_its_admins(administered: World) -> None:
    page = text(browser(administered, "alice").get(PAGE))
    assert all(word in page for word in ("acme", "other", "charlie", "example.com"))
    assert browser(administered, "bob").get(PAGE).status_code == 403


def test_an_admin_makes_a_team_and_is_its_first_admin(administered: World) -> None:
    answer = browser(administered, "alice").post(f"{PAGE}/teams", {"team": "vision"})
    assert answer["Location"] == "/teams/vision/people"
    assert Membership.objects.get(team__name="vision").user == administered.users["alice"]


def test_a_name_that_cannot_be_had_is_refused_beside_the_field(administered: World) -> None:
    answer = browser(administered, "alice").post(f"{PAGE}/teams", {"team": "other"})
    assert (answer.status_code, "cannot be had" in text(answer)) == (422, True)


def test_admins_are_made_and_taken_back_and_the_last_one_stays(administered: World) -> None:
    alice, organization = browser(administered, "alice"), administered.team.organization
    alice.post(f"{PAGE}/people/bob", {"admin": "yes"})
    assert set(organization.admins.values_list("username", flat=True)) == {"alice", "bob"}
    alice.post(f"{PAGE}/people/bob", {"admin": "no"})
    alice.post(f"{PAGE}/people/alice", {"admin": "no"})
    assert list(organization.admins.values_list("username", flat=True)) == ["alice"]


def test_nobody_from_elsewhere_becomes_its_admin(administered: World, api: APIClient) -> None:
    User.objects.create_user("olga")
    answers = [api.put(f"/api/v1/organizations/research/admins/{name}") for name in ("olga", "zed")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json()["detail"].replace("olga", "zed") == answers[1].json()["detail"]


def test_domains_are_saved_one_a_line(administered: World) -> None:
    browser(administered, "alice").post(f"{PAGE}/domains", {"domains": "a.test\r\n b.test \r\n"})
    assert Organization.objects.get(name="research").mail_domains == ["a.test", "b.test"]


def test_superusers_make_organizations(world: World, api: APIClient) -> None:
    assert api.post("/api/v1/organizations", {"name": "lab"}, format="json").status_code == 403
    User.objects.filter(username="alice").update(is_superuser=True)
    assert api.post("/api/v1/organizations", {"name": "lab"}, format="json").status_code == 201
    assert list(Organization.objects.get(name="lab").admins.all()) == [world.users["alice"]]


def test_an_admin_of_the_organization_renames_a_team_they_are_not_on(administered: World, api: APIClient) -> None:
    assert api.patch("/api/v1/teams/other", {"name": "vision"}, format="json").json()["name"] == "vision"
    bob = as_person(administered.keys["bob"])
    assert bob.patch("/api/v1/teams/vision", {"name": "mine"}, format="json").status_code == 404
    assert Team.objects.filter(name="vision").exists()


def test_a_registry_is_made_edited_and_found_by_its_old_name(administered: World) -> None:
    alice = browser(administered, "alice")
    made = alice.post(f"{PAGE}/registries", {"name": "models", "visibility": "organization", "description": ""})
    assert made["Location"] == "/registry/research/models"
    edited = {"name": "ours", "visibility": "restricted", "description": "What we stand behind"}
    assert alice.post("/registry/research/models/edit", edited)["Location"] == "/registry/research/ours"
    assert alice.get("/registry/research/models")["Location"] == "/registry/research/ours"
