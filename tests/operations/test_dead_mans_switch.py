"""The dead man's switch: each heartbeat is an event that is judged and delivered, of a team that is nobody's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_httpserver import HTTPServer

from automations.models import Automation, Execution
from automations.tasks import sweep
from events.models import Event
from integrations.models import Integration
from operations.models import RecurringJob
from operations.monitoring import dead_mans_switch
from teams.models import Team
from tests.world import World


@pytest.fixture
def operator(world: World, httpserver: HTTPServer, settings: Any) -> HTTPServer:
    httpserver.expect_request("/ping").respond_with_data("")
    settings.DEADMAN_URL = httpserver.url_for("/ping")
    return httpserver


def a_minute_later() -> None:
    RecurringJob.objects.update(due_at=now() - timedelta(seconds=1))
    sweep()


def test_a_heartbeat_is_an_event_that_was_judged_and_delivered(operator: HTTPServer) -> None:
    sweep()
    (request, _answer) = operator.log[0]
    assert (request.method, json.loads(request.data)) == ("POST", {"runbell": "alive"})
    execution = Execution.objects.get()
    assert (execution.state, execution.event.kind) == ("delivered", "run.alert")


def test_one_is_sent_each_minute_however_many_workers_sweep(operator: HTTPServer) -> None:
    sweep()
    sweep()
    assert len(operator.log) == 1
    a_minute_later()
    assert len(operator.log) == 2


def test_without_an_address_none_is_sent_and_nothing_is_made(world: World) -> None:
    teams = Team.objects.count()
    sweep()
    assert (Event.objects.count(), Team.objects.count()) == (0, teams)


def test_it_goes_where_the_setting_says_now_and_is_never_given_up(operator: HTTPServer, settings: Any) -> None:
    sweep()
    operator.expect_request("/other").respond_with_data("", status=410)
    settings.DEADMAN_URL = operator.url_for("/other")
    a_minute_later()
    assert Integration.objects.get(team__name=dead_mans_switch.NAME).enabled is False
    a_minute_later()
    assert [request.path for request, _ in operator.log] == ["/ping", "/other", "/other"]
    assert Automation.objects.filter(team__name=dead_mans_switch.NAME).count() == 1


def test_heartbeats_of_the_day_before_are_forgotten(operator: HTTPServer) -> None:
    sweep()
    long_ago = now() - timedelta(days=2)
    Event.objects.update(occurred_at=long_ago)
    Execution.objects.update(created_at=long_ago)
    a_minute_later()
    assert (Execution.objects.count(), Event.objects.count()) == (1, 1)


@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_its_team_is_nobodys(operator: HTTPServer, world: World, name: str) -> None:
    sweep()
    client = Client()
    client.force_login(world.users[name])
    assert client.get(f"/{dead_mans_switch.NAME}").status_code == 404
    assert dead_mans_switch.NAME not in client.get("/teams").content.decode()
