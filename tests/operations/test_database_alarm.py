"""While the database is away the operator is heard from memory, by one process of each host, once by each channel."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from pytest_httpserver import HTTPServer
from werkzeug import Response

from operations.models import Alarm
from operations.monitoring.database_alarm import DatabaseAlarm
from tests.processes import free_port


@pytest.fixture
def heard(db: None, settings: Any, httpserver: HTTPServer) -> Iterator[Any]:
    """Give what the webhook and Slack heard; the database is away until `back` is called."""
    httpserver.expect_request("/hook").respond_with_data("")
    httpserver.expect_request("/slack").respond_with_handler(lambda _: Response(status=500))
    settings.ALARM_WEBHOOK_URL, settings.ALARM_SLACK_URL = httpserver.url_for("/hook"), httpserver.url_for("/slack")
    settings.ALARM_SILENT_SECONDS = settings.ALARM_LOOK_SECONDS = 0
    there = connections["default"]
    refused = {**there.settings_dict, "NAME": "runbell", "USER": "bell", "OPTIONS": {}}
    connections["default"] = DatabaseWrapper({**refused, "HOST": "127.0.0.1", "PORT": str(free_port())}, "default")

    processes: list[DatabaseAlarm] = []

    class Heard:
        def process(self) -> DatabaseAlarm:
            """Give what one process of this host looks with."""
            processes.append(DatabaseAlarm())
            return processes[-1]

        def __call__(self) -> list[str]:
            came = [(request.path, json.loads(request.data)) for request, _answer in httpserver.log]
            return [f"{path} {said.get('state', '')}".strip() for path, said in came]

        def back(self) -> None:
            connections["default"] = there

        def text(self) -> str:
            return str(json.loads(httpserver.log[0][0].data)["text"])

    yield Heard()
    for one in processes:
        one.close()
    connections["default"] = there


def test_each_channel_hears_it_once_from_one_process_and_that_it_is_over(heard: Any) -> None:
    web, worker = heard.process(), heard.process()
    for process in (web, worker, web, worker):
        process.watch()
    # Slack, which took nothing, is tried again a minute later.
    assert sorted(heard()) == ["/hook firing", "/slack"]
    heard.back()
    for process in (web, worker):
        process.watch()
    assert sorted(heard()) == ["/hook firing", "/hook settled", "/slack"]
    assert Alarm.objects.count() == 0


def test_it_says_where_and_for_how_long_and_what_follows(heard: Any, settings: Any) -> None:
    settings.ALARM_SLACK_URL = ""
    heard.process().watch()
    said = f"The database does not answer on {platform.node()} since 0 s: nothing is taken in, judged or sent."
    assert heard.text() == said


def test_a_short_outage_is_no_alarm(heard: Any, settings: Any) -> None:
    settings.ALARM_SILENT_SECONDS = 60
    alarm = heard.process()
    alarm.watch()
    heard.back()
    alarm.watch()
    assert heard() == []


def test_who_holds_the_lock_and_dies_is_followed_by_another(heard: Any, settings: Any) -> None:
    settings.ALARM_SLACK_URL = ""
    first, second = heard.process(), heard.process()
    first.watch()
    second.watch()
    assert heard() == ["/hook firing"]
    first.close()
    second.watch()
    assert heard() == ["/hook firing"] * 2
