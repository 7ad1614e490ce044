"""/metrics: what it tells, of whom it says nothing, who may read it, and that processes sum up."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer

from automations.models import Execution
from automations.tasks import work
from config.setting_groups.monitoring import Bind
from events import prometheus_counts, prometheus_metrics
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World

TOKEN = "a-token-of-the-operator"


@pytest.fixture(autouse=True)
def nothing_counted(db: None) -> None:
    prometheus_counts._forget()


def samples(**headers: Any) -> dict[str, float]:
    """What is told, as Prometheus reads it: `name{label="value"}` and the number."""
    answer = Client(**headers).get("/metrics")
    assert answer.status_code == 200, answer.content
    return {
        f"{one.name}{json.dumps(one.labels)}" if one.labels else one.name: one.value
        for family in text_string_to_metric_families(answer.content.decode())
        for one in family.samples
    }


@pytest.fixture
def delivered(world: World, httpserver: HTTPServer, django_capture_on_commit_callbacks: Any) -> World:
    """One run that logged two rows and failed, and one delivery of that."""
    httpserver.expect_request("/hook").respond_with_data("")
    world.webhook(httpserver.url_for("/hook"))
    world.automation(FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        run = world.run("run1")
        ingest_rows(run, 0, [{"loss": 1.0}, {"loss": 2.0}])
        finish_run(run, 1)
        work()
    assert Execution.objects.get().state == "delivered"
    return world


def test_a_run_that_is_told_of_is_counted_from_its_rows_to_its_delivery(delivered: World) -> None:
    told = samples()
    assert told['runbell_rows_total{"stream": "history"}'] == 2
    assert told['runbell_events_total{"kind": "run.state", "state": "judged"}'] == 2
    assert told['runbell_executions_total{"kind": "webhook", "state": "pending"}'] == 1
    assert told['runbell_executions_total{"kind": "webhook", "state": "delivered"}'] == 1
    assert told['runbell_attempts_total{"kind": "webhook", "outcome": "ok"}'] == 1
    assert told['runbell_event_to_first_byte_seconds_count{"kind": "webhook"}'] == 1
    assert told['runbell_event_to_first_byte_seconds_bucket{"kind": "webhook", "le": "300.0"}'] == 1
    assert (told["runbell_database_up"], told["runbell_broker_up"]) == (1, 1)


def test_what_waits_is_told_with_its_age(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(FAILED)
    finish_run(world.run("run1"), 1)
    told = samples()
    assert told["runbell_events_waiting"] == 2
    assert 0 < told["runbell_events_oldest_seconds"] < 60
    assert (told["runbell_workers"], "runbell_worker_heartbeat_age_seconds" in told) == (0, False)


def test_no_label_holds_a_name_of_a_team_a_project_or_a_person(delivered: World) -> None:
    Client().get("/acme/mnist/runs/run1")
    text = Client().get("/metrics").content.decode()
    names = ("acme", "research", "mnist", "alice", "run1", "hook{", '"hook"', "automation", "loss")
    assert [name for name in names if name in text] == []


def test_requests_are_counted_by_door_and_probes_are_not(world: World, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        Client().get("/sign-in")
        Client().generic("MADEUP", "/api/v1/me")
        Client().get("/livez")
    told = {name: value for name, value in samples().items() if name.startswith("runbell_requests_total")}
    assert told == {
        'runbell_requests_total{"door": "page", "method": "GET", "status": "200"}': 1,
        'runbell_requests_total{"door": "rest", "method": "other", "status": "401"}': 1,
    }


def test_what_several_processes_counted_is_summed(db: None) -> None:
    for amount in (2, 3):
        prometheus_counts._add([(("runbell_rows", ("history",)), amount), (("runbell_rows", ("system",)), 1)])
        prometheus_counts.flush()
    prometheus_counts._add([(("runbell_rows", ("history",)), 4)])
    assert prometheus_counts.totals() == {("runbell_rows", ("history",)): 9, ("runbell_rows", ("system",)): 2}


def test_what_is_rolled_back_is_not_counted(db: None, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks():
        prometheus_metrics.ROWS.count("history")
    assert prometheus_counts.totals() == {}


@pytest.mark.parametrize(
    "asked, status",
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "10.1.2.3"}, 200),
        ({"REMOTE_ADDR": "::ffff:192.168.1.1"}, 200),
        ({"REMOTE_ADDR": "fd00::1"}, 200),
        ({"REMOTE_ADDR": "203.0.113.9"}, 403),
        ({"REMOTE_ADDR": "169.254.169.254"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}, 200),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_HOST": "10.1.2.4:8000"}, 200),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_HOST": "web:8000"}, 200),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}, 200),
        # By a name of the world's: such as that of a page in a browser near here, which leads here.
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "rebound.example:8000"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "203.0.113.9"}, 403),
        # By a proxy that nobody has named: who asks may stand anywhere.
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}, 403),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_FORWARDED": "for=10.0.0.1"}, 403),
        # By ours.
        ({"REMOTE_ADDR": "172.30.231.2", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
        ({"REMOTE_ADDR": "172.30.231.2", "HTTP_X_FORWARDED_FOR": "unknown"}, 403),
        ({"REMOTE_ADDR": "172.30.231.2", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}, 200),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}x"}, 403),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Basic {TOKEN}"}, 403),
    ],
)
def test_who_is_near_or_shows_the_token_reads_them(db: None, settings: Any, asked: dict[str, str], status: int) -> None:
    settings.METRICS_TOKEN, settings.TRUSTED_PROXIES = TOKEN, (ip_network("172.30.231.2/32"),)
    answer = Client(**asked).get("/metrics")
    assert answer.status_code == status
    assert (b"runbell_build_info" in answer.content) == (status == 200)


def test_where_a_proxy_with_https_stands_before_it_only_the_token_opens_them(db: None, settings: Any) -> None:
    settings.IS_PUBLIC, settings.METRICS_TOKEN = True, TOKEN
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 403
    shown = Client(REMOTE_ADDR="127.0.0.1", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert shown.get("/metrics").status_code == 200
    settings.METRICS_BIND = Bind("127.0.0.1", 9464)
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics", SERVER_PORT="9464").status_code == 200


def test_without_a_token_none_opens_them(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for shown in ("Bearer ", "Bearer x", ""):
        assert Client(REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION=shown).get("/metrics").status_code == 403


def test_on_a_bind_of_their_own_nothing_else_is_answered_and_elsewhere_they_are_not(db: None, settings: Any) -> None:
    settings.METRICS_BIND = Bind("127.0.0.1", 9464)

    def statuses(port: str) -> list[int]:
        return [Client().get(path, SERVER_PORT=port).status_code for path in ("/metrics", "/livez", "/sign-in")]

    assert statuses("9464") == [200, 200, 404]
    assert statuses("8000") == [404, 200, 200]


def test_with_the_database_away_they_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        told = samples()
    assert told["runbell_database_up"] == 0
    assert "runbell_events_waiting" not in told
    assert told["runbell_disk_free_bytes"] > 0
