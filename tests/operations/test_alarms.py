"""The operator's alarms: what is wrong is told once by every channel, and so is that it is over."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from werkzeug import Response

from automations.models import Automation, Execution, ExecutionState
from events import task_queue
from events.models import WorkerHeartbeat
from operations.checks.installation import disk
from operations.models import Alarm
from operations.monitoring import alarms
from tests.world import FAILED, World, failed_at_once


@pytest.fixture(autouse=True)
def healthy(db: None, settings: Any) -> None:
    settings.ALARM_MAIL = ("ops@example.com",)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=now())


def watched() -> dict[str, str]:
    """Look and tell as a process does; give what is open."""
    alarms.update_alarms()
    alarms.tell()
    return dict(alarms.open_alarms().values_list("key", "text"))


def subjects() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def test_where_all_is_well_nobody_is_told_anything() -> None:
    assert (watched(), subjects()) == ({}, [])


def test_a_silent_worker_is_told_once_and_that_it_is_back() -> None:
    WorkerHeartbeat.objects.update(beat_at=now() - timedelta(seconds=90))
    said = "All workers are silent since 90 s: nothing is judged or sent."
    assert watched() == watched() == {"worker_silent": said}
    assert subjects() == [f"Runbell: {said}"]
    WorkerHeartbeat.objects.update(beat_at=now())
    assert watched() == {}
    assert subjects()[1:] == [f"Runbell: Settled: {said}"]


@pytest.fixture
def automation(world: World) -> Automation:
    world.webhook("http://127.0.0.1:9/hook")
    return world.automation(FAILED)


def test_a_backlog_is_told(automation: Automation, settings: Any) -> None:
    failed_at_once(automation.project, ["run1"])  # type: ignore[arg-type]
    assert watched() == {}
    settings.ALARM_BACKLOG_SECONDS = -1
    assert watched().keys() == {"backlog_events", "backlog_deliveries"}


def test_a_receiver_that_only_fails_is_told_and_one_that_just_began_is_not(world: World) -> None:
    webhook = world.webhook("http://127.0.0.1:9/hook", failing_since=now() - timedelta(minutes=14))
    assert watched() == {}
    type(webhook).objects.update(failing_since=now() - timedelta(minutes=16))
    assert watched() == {"receivers_failing": "1 receivers only fail, such as acme/webhook/hook."}


def test_an_execution_that_failed_for_good_is_told_while_it_is_news(automation: Automation) -> None:
    ended = Execution.ended(ExecutionState.FAILED, "Set aside: sending it took the worker down 3 times.")
    Execution.objects.create(automation=automation, team=automation.team, **ended)
    assert watched() == {
        "executions_failed": "1 deliveries failed for good in the last hour; the newest of acme/automation: "
        "Set aside: sending it took the worker down 3 times."
    }
    Execution.objects.update(ended_at=now() - timedelta(hours=2))
    assert watched() == {}


def test_a_disk_that_is_nearly_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(total=100 * 2**30, free=4 * 2**30)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _path: usage)
    (text,) = watched().values()
    assert "is nearly full: 4.0 % (4.0 GiB) are free." in text


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_queue, "is_answering", lambda: False)
    assert watched().keys() == {"broker_away"}


def test_a_secret_that_no_key_opens_is_told(world: World) -> None:
    world.secret("TOKEN", "x")
    with connection.cursor() as cursor:
        by_another = Fernet(Fernet.generate_key()).encrypt(b"x")
        cursor.execute("UPDATE secrets_vault_secret SET value = %s", [connection.Database.Binary(by_another)])
    (text,) = watched().values()
    assert text.startswith("No key in RUNBELL_FERNET_KEYS opens 1 of the values in secrets_vault.Secret.value.")


def test_slack_and_a_webhook_are_told_too_and_one_that_fails_keeps_no_other_from_it(
    settings: Any, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/slack").respond_with_handler(lambda _: Response(status=500))
    httpserver.expect_request("/hook").respond_with_data("")
    settings.ALARM_SLACK_URL, settings.ALARM_WEBHOOK_URL = httpserver.url_for("/slack"), httpserver.url_for("/hook")
    WorkerHeartbeat.objects.all().delete()
    watched()
    watched()
    assert [request.path for request, _ in httpserver.log] == ["/slack", "/hook"]
    told = json.loads(httpserver.log[1][0].data)
    assert (told["alarm"], told["state"]) == ("worker_silent", "firing")
    assert (len(mail.outbox), Alarm.objects.get().untold) == (1, ["slack"])
    Alarm.objects.update(tried_at=now() - timedelta(minutes=2))
    watched()
    assert [request.path for request, _ in httpserver.log] == ["/slack", "/hook", "/slack"]


def test_who_heard_nothing_of_it_does_not_hear_that_it_is_over(settings: Any) -> None:
    settings.ALARM_MAIL, settings.ALARM_SLACK_URL = (), "http://127.0.0.1:9/slack"
    WorkerHeartbeat.objects.all().delete()
    alarms.update_alarms()
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=now())
    alarms.update_alarms()
    assert Alarm.objects.get().untold == []
