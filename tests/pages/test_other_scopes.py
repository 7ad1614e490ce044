"""Pages of automations that listen wider than one project."""

from __future__ import annotations

from django.test import Client
from pytest_httpserver import HTTPServer

from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.services import create_automation
from automations.models import Automation, Execution
from automations.tasks import work
from projects.runs.lifecycle import finish_run
from teams.models import Role
from tests.world import FAILED, World


def team_wide(world: World, receiver: HTTPServer) -> Automation:
    world.webhook(receiver.url_for("/hook"))
    place = scopes.find(world.users["alice"], {"type": "team", "name": "acme"}, Role.MEMBER)
    action = {"type": "send_webhook", "webhook": "hook"}
    draft = AutomationDraft(name="wide", event="RUN_STATE", conditions=[FAILED], action=action)
    return create_automation(place, draft, by=world.users["alice"])


def test_an_execution_of_a_team_wide_automation_has_its_page(world: World, receiver: HTTPServer) -> None:
    team_wide(world, receiver)
    finish_run(world.run(), 1)
    work()
    client = Client()
    client.force_login(world.users["alice"])
    page = client.get(f"/executions/{Execution.objects.get().pk}")
    assert page.status_code == 200
    said = "When a run of team <strong>acme</strong> <strong>fails</strong>, call <strong>hook</strong>."
    assert said in page.content.decode()


def test_a_run_shows_what_a_team_wide_automation_did_about_it(world: World, receiver: HTTPServer) -> None:
    team_wide(world, receiver)
    finish_run(world.run("r1"), 1)
    work()
    client = Client()
    client.force_login(world.users["alice"])
    assert "wide" in client.get("/acme/mnist/runs/r1/automations").content.decode()


def test_a_team_wide_automation_has_a_page_of_its_own(world: World, receiver: HTTPServer) -> None:
    automation = team_wide(world, receiver)
    client = Client()
    client.force_login(world.users["alice"])
    page = client.get(automation.get_absolute_url())
    assert page.status_code == 200
    client.force_login(world.users["charlie"])
    assert client.get(automation.get_absolute_url()).status_code == 404
