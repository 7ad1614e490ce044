"""Every automation a person can see, wherever it listens; and the search."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import find
from automations.definitions.services import create_automation
from automations.models import Automation
from projects.models import Project
from teams.models import Membership, Role
from tests.pages.people import bell, browser, executions, text
from tests.pages.test_whole_walk import count_queries
from tests.world import FAILED, World, threshold


@pytest.fixture
def several(world: World) -> World:
    """Four automations: two of a project, one of the whole team, one of a team that only charlie is on."""
    bell(world, "Bravo")
    world.automation(threshold(), event="RUN_METRIC", name="alpha", enabled=False, description="watches the loss")
    place = find(world.users["alice"], {"type": "team", "name": "acme"}, Role.ADMIN)
    create_automation(place, _draft("Charlie of the team"), by=world.users["alice"])
    world.webhook("https://hooks.example.test/other", team=world.other_team)
    theirs = find(world.users["charlie"], {"type": "team", "name": "other"}, Role.ADMIN)
    create_automation(theirs, _draft("Theirs"), by=world.users["charlie"])
    return world


def _draft(name: str) -> AutomationDraft:
    return AutomationDraft(name, "RUN_STATE", [FAILED], {"type": "send_webhook", "webhook": "hook"})


def names_listed(client: Client, query: str = "") -> list[str]:
    return [row.automation.name for row in client.get(f"/automations{query}").context["rows"]]


def test_the_hub_lists_what_one_can_see_and_nothing_else(bob: Client, several: World) -> None:
    assert names_listed(bob) == ["Charlie of the team", "alpha", "Bravo"]
    assert names_listed(browser(several, "charlie")) == ["Theirs"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("scope=team", ["Charlie of the team"]),
        ("event=run.metric", ["alpha"]),
        ("action=send_webhook", ["Charlie of the team", "alpha", "Bravo"]),
        ("state=off", ["alpha"]),
        ("state=on", ["Charlie of the team", "Bravo"]),
        ("q=LOSS", ["alpha"]),
        ("q=acme/mnist", ["alpha", "Bravo"]),
        ("last=failed", ["Bravo"]),
        ("last=delivered", []),
        # As 0.1.0 called it.
        ("last=finished", []),
        ("sort=name", ["alpha", "Bravo", "Charlie of the team"]),
        ("sort=fired", ["Bravo", "Charlie of the team", "alpha"]),
        ("scope=nonsense&sort=nonsense&after=nonsense", ["Charlie of the team", "alpha", "Bravo"]),
    ],
)
def test_the_hub_is_narrowed_and_sorted(query: str, names: list[str], bob: Client, several: World) -> None:
    executions(Automation.objects.get(name="Bravo"), 1, state="delivered")
    executions(Automation.objects.get(name="Bravo"), 1, state="failed")
    assert names_listed(bob, f"?{query}") == names


def test_what_needs_attention_is_found(bob: Client, several: World) -> None:
    Automation.objects.filter(name="Bravo").update(problem="Its webhook is gone.")
    assert names_listed(bob, "?state=attention") == ["Bravo"]
    assert "Its webhook is gone." in text(bob.get("/automations"))


def test_filters_that_leave_nothing_offer_the_way_back(bob: Client, several: World) -> None:
    page = text(bob.get("/automations?q=zzz"))
    assert "No automation is left by these filters" in page
    assert 'href="?"' in page


@pytest.mark.parametrize("sort", ["new", "name", "fired"])
def test_pages_follow_each_other_without_gap_or_repeat(sort: str, bob: Client, world: World) -> None:
    for number in range(120):
        # Names and last executions that are alike: the key decides.
        automation = bell(world, f"bell {number % 7} {number}")
        if number % 3 == 0:
            executions(automation, 1)
    seen: list[str] = []
    query = f"?sort={sort}"
    while query:
        answer = bob.get(f"/automations{query}")
        seen += [row.automation.name for row in answer.context["rows"]]
        older = answer.context["page"].older
        query = f"?sort={sort}&after={older}" if older else ""
    assert len(seen) == len(set(seen)) == 120


def test_the_hub_asks_as_often_for_twenty_as_for_one(bob: Client, world: World) -> None:
    executions(bell(world, "first"), 1)
    with_one = count_queries(bob, "/automations")
    for number in range(19):
        executions(bell(world, f"bell {number}"), 1)
    assert count_queries(bob, "/automations") == with_one


def switch(client: Client, automation: Automation, enabled: str, **more: Any) -> Any:
    return client.post(f"/automations/{automation.pk}/switch", {"enabled": enabled}, **more)


def test_an_automation_of_any_scope_is_switched_in_the_hub(alice: Client, several: World) -> None:
    for automation in Automation.objects.filter(team=several.team):
        assert switch(alice, automation, "off").status_code == 302
    assert not Automation.objects.filter(team=several.team, enabled=True).exists()


def test_a_part_of_the_page_gets_the_switch_anew_and_what_is_said(alice: Client, several: World) -> None:
    automation = Automation.objects.get(name="Bravo")
    answer = switch(alice, automation, "off", headers={"HX-Request": "true"})
    assert 'aria-checked="false"' in text(answer)
    assert "<main" not in text(answer)
    assert "is off: nothing fires" in answer["HX-Trigger-After-Settle"]
    assert "is off" not in text(alice.get("/acme"))


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("vera", 403), ("charlie", 404)])
def test_who_may_not_change_an_automation_of_the_team_does_not_switch_it(who: str, status: int, several: World) -> None:
    automation = Automation.objects.get(name="Charlie of the team")
    assert switch(browser(several, who), automation, "off").status_code == status
    automation.refresh_from_db()
    assert automation.enabled


def names_found(client: Client, wanted: str) -> list[str]:
    return [row.name for group in client.get("/search", {"q": wanted}).context["groups"] for row in group.rows]


def test_the_search_finds_projects_automations_and_runs_by_a_part_of_their_name(bob: Client, several: World) -> None:
    several.run("r1", display_name="Alpha baseline")
    several.run("alphabet")
    Project.objects.create(team=several.team, name="alpha-centauri")
    assert names_found(bob, "ALPHA") == ["alpha-centauri", "alpha", "alphabet", "Alpha baseline"]
    assert names_found(bob, "nothing of this name") == []
    assert bob.get("/search", {"q": "\0"}).status_code == 400


def test_the_search_tells_a_stranger_nothing(several: World) -> None:
    several.run("alphabet")
    charlie = browser(several, "charlie")
    assert names_found(charlie, "alpha") == []
    Membership.objects.create(team=several.team, user=several.users["charlie"], role=Role.VIEWER)
    assert names_found(charlie, "alpha") == ["alpha", "alphabet"]


def test_the_top_line_gets_the_first_few_alone(bob: Client, several: World) -> None:
    for number in range(9):
        several.run(f"alphabet{number}")
    part = text(bob.get("/search?q=alphabet", headers={"HX-Request": "true"}))
    assert "<main" not in part
    assert part.count("/runs/alphabet") == 4
    assert text(bob.get("/search?q=alphabet")).count("/runs/alphabet") == 9
