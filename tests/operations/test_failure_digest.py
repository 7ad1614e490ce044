"""The digest of final failures, and the banner of open alarms: who is told, and how often."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import DateTimeField, Value
from django.test import Client
from django.utils.timezone import now
from pytest_httpserver import HTTPServer

from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.services import create_automation
from automations.models import Automation, Execution, ExecutionState
from automations.tasks import work
from operations import recurring_jobs
from operations.models import Alarm
from operations.monitoring import failure_digest
from teams.models import Notice, User
from teams.notices.team_notices import dismiss_notice, open_notices
from tests.world import FAILED, World


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The database's clock, and Python's; `shift` moves both."""
    with time_machine.travel(datetime.fromisoformat("2026-01-05T12:00:00+00:00"), tick=False) as clock:
        for module in (recurring_jobs, failure_digest):
            monkeypatch.setattr(module, "database_now", now)
        # PostgreSQL says the time in the answer itself.
        monkeypatch.setattr(recurring_jobs, "Now", lambda: Value(now(), DateTimeField()))
        failure_digest.send_digests()
        yield clock


@pytest.fixture
def automation(world: World) -> Automation:
    world.webhook("http://127.0.0.1:9/hook")
    return world.automation(FAILED)


def fail(automation: Automation, times: int = 1) -> None:
    for _ in range(times):
        ended = Execution.ended(ExecutionState.FAILED, "The receiver answered 500.")
        Execution.objects.create(automation=automation, team=automation.team, **ended)


def later(clock: Any) -> None:
    clock.shift(timedelta(seconds=failure_digest.EACH_SECONDS + 1))
    failure_digest.send_digests()


def said(world: World) -> list[str]:
    return list(open_notices([world.team]).values_list("text", flat=True))


def test_a_hundred_failures_are_one_notice_that_counts_on(clock: Any, automation: Automation, world: World) -> None:
    fail(automation, 3)
    later(clock)
    begun = "Deliveries that failed for good since 2026-01-05 11:59 UTC"
    assert said(world) == [f"{begun}: 3. By automation: automation (3)."]
    first = Notice.objects.get().pk
    clock.shift(timedelta(seconds=60))
    fail(automation, 97)
    later(clock)
    assert said(world) == [f"{begun}: 100. By automation: automation (100)."]
    assert Notice.objects.get().pk == first


def test_what_was_dismissed_is_not_told_again_and_what_is_new_is(
    clock: Any, automation: Automation, world: World
) -> None:
    fail(automation, 3)
    later(clock)
    dismiss_notice(Notice.objects.get())
    later(clock)
    assert said(world) == []
    fail(automation)
    later(clock)
    assert said(world) == [
        "Deliveries that failed for good since 2026-01-05 12:19 UTC: 1. By automation: automation (1)."
    ]


def test_a_failure_at_the_moment_of_a_digest_is_in_the_next_one(
    clock: Any, automation: Automation, world: World
) -> None:
    clock.shift(timedelta(seconds=failure_digest.EACH_SECONDS))
    fail(automation)
    failure_digest.send_digests()
    assert said(world) == []
    later(clock)
    assert len(said(world)) == 1


def test_it_goes_to_the_channel_of_the_teams_alerts_once(
    clock: Any, automation: Automation, world: World, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/alerts").respond_with_data("")
    world.webhook(httpserver.url_for("/alerts"), name="alerts")
    place = scopes.place_named({"type": "team", "name": "acme"})
    action = {"type": "send_webhook", "webhook": "alerts", "payload": '{"text": "${alert_title}: ${alert_text}"}'}
    assert place is not None
    draft = AutomationDraft(name="Alerts", event="RUN_ALERT", conditions=[], action=action)
    alerts = create_automation(place, draft, by=world.users["alice"])
    fail(automation, 3)
    later(clock)
    later(clock)
    work()
    (text,) = said(world)
    assert [json.loads(request.data) for request, _ in httpserver.log] == [
        {"text": f"Deliveries failed for good: {text}"}
    ]
    # A page that opens, in the history as in the message.
    address = Execution.objects.get(automation=alerts).subject_url
    assert address == "/automations?team=acme&last=failed"
    page = Client()
    page.force_login(world.users["alice"])
    assert page.get(address).status_code == 200


def test_teams_without_failures_hear_nothing(clock: Any, automation: Automation, world: World) -> None:
    fail(automation)
    later(clock)
    assert list(Notice.objects.values_list("team__name", "url")) == [("acme", "/automations?team=acme&last=failed")]


def test_open_alarms_stand_above_every_page_of_a_superuser_and_of_nobody_else(world: World) -> None:
    Alarm.objects.create(key="worker_silent", text="All workers are silent.", raised_at=now())
    Alarm.objects.create(key="broker_away", text="Redis was away.", raised_at=now(), settled_at=now())
    root, alice = Client(), Client()
    root.force_login(User.objects.create_superuser("root"))
    alice.force_login(world.users["alice"])
    page = root.get("/profile").content.decode()
    assert ("All workers are silent." in page, "Redis was away." in page) == (True, False)
    assert "All workers are silent." not in alice.get("/profile").content.decode()
    assert "All workers are silent." not in Client().get("/sign-in").content.decode()
