"""Probes: which of /livez, /healthz and /readyz says what, and that nothing else passes for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from automations.models import Automation, Execution
from events.models import Event, WorkerHeartbeat
from operations import migrating
from operations.checks.database import migrations
from teams.models import Team
from tests.world import FAILED, World, failed_at_once

PROBES = ("/livez", "/healthz", "/readyz?only=web", "/metrics")


@pytest.fixture(autouse=True)
def loaded(db: None) -> None:
    """The first request of a process loads every page: that is no age of a beat."""
    Client().get("/livez")


def a_heartbeat(seconds_ago: float) -> None:
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=now() - timedelta(seconds=seconds_ago))


def ready(only: str = "") -> tuple[int, list[str]]:
    answer = Client().get("/readyz", {"only": only} if only else {})
    told = answer.json()
    assert told["ok"] == (answer.status_code == 200) == (not told["problems"])
    return answer.status_code, told["problems"]


@pytest.fixture
def waiting(world: World) -> Execution:
    automation = Automation.objects.create(name="a", team=world.team, project=world.project, scope="project:0")
    return Execution.objects.create(
        automation=automation, team=world.team, receiver_key="webhook:1", next_attempt_at=now() - timedelta(seconds=200)
    )


def test_all_is_ready_while_a_worker_is_heard_and_nothing_waits(world: World) -> None:
    a_heartbeat(1)
    assert ready() == (200, [])


@pytest.mark.parametrize("stranger", [
    {"HTTP_HOST": "runbell.example.com"}, {"REMOTE_ADDR": "203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
])  # fmt: skip
def test_strangers_are_told_whether_and_not_why(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, stranger: dict[str, str]
) -> None:
    monkeypatch.setattr("config.health._told", {})
    settings.ALLOWED_HOSTS, settings.METRICS_TOKEN = ["*"], "t0ken"
    for path in ("/readyz", "/readyz?only=worker"):
        answer = Client(**stranger).get(path)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (503, {"ok": False})
    assert Client(**stranger).get("/readyz?only=web").json() == {"ok": True}  # type: ignore[arg-type]
    shown = Client(**stranger).get("/readyz", headers={"Authorization": "Bearer t0ken"})  # type: ignore[arg-type]
    assert shown.json()["problems"]


def test_however_often_a_stranger_asks_the_database_is_asked_once_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("config.health._told", {})
    stranger = Client(HTTP_HOST="runbell.example.com")
    stranger.get("/readyz")
    monkeypatch.setattr("config.health._TOLD_SECONDS", 60.0)
    monkeypatch.setattr("config.health._told", {"": (float("inf"), True)})
    with django_assert_num_queries(0):
        assert [stranger.get("/readyz").status_code for _ in range(20)] == [200] * 20


def test_without_a_worker_it_is_not_ready_and_web_is(world: World) -> None:
    problem = "No worker has given a sign of life. Start one: `runbell worker`."
    assert ready() == (503, [problem])
    assert ready("worker") == (503, [problem])
    assert ready("web") == (200, [])


def test_a_silent_worker_is_told_with_its_age_and_the_youngest_counts(world: World) -> None:
    a_heartbeat(60)
    assert ready() == (
        503,
        ["The last sign of life of a worker is 60 s old; RUNBELL_READY_BEAT_SECONDS allows 10."],
    )
    WorkerHeartbeat.objects.create(name="another", beat_at=now())
    assert ready() == (200, [])


def test_an_event_that_nobody_judges_is_told_with_its_age(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(FAILED)
    failed_at_once(world.project, ["run1"])
    a_heartbeat(1)
    assert ready() == (200, [])
    Event.objects.update(occurred_at=now() - timedelta(seconds=200))
    problem = "An event has waited to be judged for 200 s; RUNBELL_READY_BACKLOG_SECONDS allows 120."
    assert ready("worker") == (503, [problem])
    Event.objects.update(processed_at=now())
    assert ready() == (200, [])


def test_a_delivery_that_nobody_sends_is_told_with_its_age(waiting: Execution) -> None:
    a_heartbeat(1)
    problem = "A delivery that is due has waited to be sent for 200 s; RUNBELL_READY_BACKLOG_SECONDS allows 120."
    assert ready() == (503, [problem])
    assert ready("web") == (200, [])


def test_what_waits_for_a_slow_receiver_is_not_the_workers_fault(waiting: Execution) -> None:
    a_heartbeat(1)
    waiting.pk, waiting.delivery_id, waiting.lease = None, "msg_2", "somebody"
    waiting.leased_until = now() + timedelta(seconds=20)
    waiting.save(force_insert=True)
    assert ready() == (200, [])


def test_a_delivery_of_later_is_not_late(waiting: Execution) -> None:
    a_heartbeat(1)
    Execution.objects.update(next_attempt_at=now() + timedelta(seconds=5))
    assert ready() == (200, [])


def test_migrations_that_are_missing_are_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Executor(migrating.MigrationExecutor):
        def migration_plan(self, *_given: Any, **_options: Any) -> Any:
            return [("one", False), ("two", False)]

    monkeypatch.setattr(migrating, "MigrationExecutor", Executor)
    monkeypatch.setattr(migrations, "_migrated", set())
    assert ready("web") == (503, ["2 migrations are not applied. Run `runbell migrate`."])


def test_a_part_that_is_none_is_refused_with_those_there_are(db: None) -> None:
    answer = Client().get("/readyz?only=wrong")
    assert answer.status_code == 400
    assert answer.json()["problems"] == ["only must be web or worker, not 'wrong'."]


@pytest.mark.parametrize("probe", PROBES)
def test_probes_ask_by_any_host_over_plain_http_as_often_as_they_like(db: None, probe: str, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["bell.test"]
    client = Client(SERVER_NAME="10.1.2.3")
    assert client.get("/teams").status_code in (301, 400)
    assert client.get(probe).status_code == 200
    assert client.head(probe).status_code == 200


def test_what_monitors_look_for_elsewhere_is_not_there(world: World) -> None:
    client = Client()
    assert client.get("/health").status_code == 404
    client.force_login(world.users["alice"])
    assert client.get("/health").status_code == 404


def test_a_team_named_health_has_its_page(world: World) -> None:
    Team.objects.filter(name="acme").update(name="health")
    client = Client()
    client.force_login(world.users["alice"])
    assert client.get("/health").status_code == 200
