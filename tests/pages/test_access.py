"""Each page answers the right people, and nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from automations.models import Automation
from projects.models import Project
from tests.pages.people import PROJECT, attempt, bell, browser, executions, text
from tests.world import World

SEEN_BY_ALL = [
    "/acme",
    "/acme/integrations",
    "/acme/mnist/runs",
    "/acme/mnist/runs/run1",
    "/acme/mnist/runs/run1/metrics",
    "/acme/mnist/runs/run1/automations",
    "/acme/mnist/automations",
    "/acme/mnist/automations/{automation}",
    "/acme/mnist/automations.yaml",
    "/acme/mnist/history",
    "/acme/mnist/runs/run1/annotations",
    "/automations/{automation}/explain",
    "/automations/{automation}/file",
    "/executions/{execution}",
]
SEEN_BY_MEMBERS = [
    "/acme/mnist/automations/new",
    "/acme/mnist/automations/new?event=RUN_METRIC",
    "/automations/{automation}/edit",
    "/automations/{automation}/delete",
    "/automations/{automation}/duplicate",
    "/automations/new?scope=project&in=acme/mnist",
]
SEEN_BY_ADMINS = ["/acme/integrations/webhook/hook/test"]
PAGES = [*SEEN_BY_ALL, *SEEN_BY_MEMBERS, *SEEN_BY_ADMINS]


@pytest.fixture
def places(world: World) -> dict[str, int]:
    world.run("run1")
    automation = bell(world)
    (execution,) = executions(automation, 1)
    attempt(execution)
    return {"automation": automation.pk, "execution": execution.pk}


def statuses(world: World, who: str, pages: list[str], places: dict[str, int]) -> dict[str, int]:
    client = browser(world, who)
    return {page: client.get(page.format(**places)).status_code for page in pages}


@pytest.mark.parametrize("who", ["alice", "bob", "vera"])
def test_the_whole_team_sees_its_pages(who: str, world: World, places: dict[str, int]) -> None:
    assert statuses(world, who, SEEN_BY_ALL, places) == dict.fromkeys(SEEN_BY_ALL, 200)


@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 200), ("vera", 403)])
def test_members_change_automations_and_viewers_do_not(
    who: str, status: int, world: World, places: dict[str, int]
) -> None:
    assert statuses(world, who, SEEN_BY_MEMBERS, places) == dict.fromkeys(SEEN_BY_MEMBERS, status)


@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 403), ("vera", 403)])
def test_admins_test_webhooks(who: str, status: int, world: World, places: dict[str, int]) -> None:
    assert statuses(world, who, SEEN_BY_ADMINS, places) == dict.fromkeys(SEEN_BY_ADMINS, status)


def test_for_a_stranger_there_is_nothing(world: World, places: dict[str, int]) -> None:
    assert statuses(world, "charlie", PAGES, places) == dict.fromkeys(PAGES, 404)


def test_who_is_not_signed_in_is_asked_to_and_comes_back(client: Client, world: World, places: dict[str, int]) -> None:
    for page in PAGES:
        address = page.format(**places)
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in?next=/")


def test_a_viewer_is_offered_nothing_that_would_be_refused(vera: Client, places: dict[str, int]) -> None:
    listed = text(vera.get(f"{PROJECT}/automations"))
    detail = text(vera.get(f"{PROJECT}/automations/{places['automation']}"))
    for page in (listed, detail, text(vera.get("/acme")), text(vera.get("/acme/integrations"))):
        assert "New automation" not in page
        assert "New project" not in page
        assert "/edit" not in page
        assert "/switch" not in page
        assert "/test" not in page
        assert "/settings/" not in page


def test_only_those_who_administer_a_team_see_its_settings(alice: Client, bob: Client) -> None:
    assert "/settings/" in text(alice.get("/acme"))
    assert "/settings/" not in text(bob.get("/acme"))


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404)])
@pytest.mark.parametrize("action", ["switch", "delete", "edit", "duplicate", "test"])
def test_who_may_not_change_an_automation_changes_nothing(
    who: str, status: int, action: str, world: World, places: dict[str, int]
) -> None:
    answer = browser(world, who).post(f"/automations/{places['automation']}/{action}", {"name": "mine"})
    assert answer.status_code == status
    automation = Automation.objects.get()
    assert (automation.name, automation.enabled, automation.deleted_at) == ("bell", True, None)


def test_a_viewer_makes_no_project(vera: Client) -> None:
    assert vera.post("/acme", {"name": "mine"}).status_code == 403
    assert list(Project.objects.values_list("name", flat=True)) == ["mnist"]


def test_an_automation_of_another_project_is_not_found_here(
    world: World, alice: Client, places: dict[str, int]
) -> None:
    Project.objects.create(team=world.team, name="other")
    assert alice.get(f"/acme/other/automations/{places['automation']}").status_code == 404


def test_a_refusal_says_what_to_do(vera: Client, charlie: Client) -> None:
    assert "Ask one of its admins." in text(vera.get(f"{PROJECT}/automations/new"))
    assert "There is no team &#x27;acme&#x27; here" in text(charlie.get("/acme"))
