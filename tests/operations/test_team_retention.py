"""A team's own days of retention, and what its projects take."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from rest_framework.test import APIClient

from events.models import Event
from operations.models import ProjectUsage, TeamRetention
from operations.retention import project_usage, removal, retention_kind
from operations.retention.cutoffs import cutoffs_of
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.services import create_project
from teams.models import AuditEvent, Team
from tests.world import World

pytestmark = pytest.mark.django_db
DAYS = "/api/v1/teams/acme/retention"


@pytest.fixture(autouse=True)
def days(settings: Any) -> None:
    settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 0), "events": 90}


@pytest.fixture
def alice(world: World) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.keys['alice']}")
    return client


def put(client: APIClient, **said: int | None) -> Any:
    return client.put(DAYS, {"days": said}, format="json")


def old_event(team: Team, age: int) -> Event:
    at = now() - timedelta(days=age)
    return Event.objects.create(kind="run.alert", team=team, occurred_at=at, processed_at=at)


def test_a_team_with_fewer_days_keeps_less_and_the_others_what_they_had(world: World, alice: APIClient) -> None:
    said = {row["kind"]: row for row in put(alice, events=30, history=14).json()}
    assert said["events"] == {
        "kind": "events", "days": 30, "own_days": 30, "installation_days": 90, "may_shorten": True,
    }  # fmt: skip
    assert said["history"]["days"] == 14
    ours, theirs, old = old_event(world.team, 40), old_event(world.other_team, 40), old_event(world.other_team, 95)
    kind = retention_kind.registry.get("events")
    assert kind().count_due(cutoffs_of(kind)) == {world.team.pk: 1, world.other_team.pk: 1}
    assert removal.remove_all(kind) == 2
    assert not Event.objects.filter(pk__in=[ours.pk, old.pk]).exists()
    assert Event.objects.filter(pk=theirs.pk).exists()


def test_the_change_is_in_the_audit_log_and_can_be_taken_back(world: World, alice: APIClient) -> None:
    put(alice, events=30)
    assert put(alice, events=None).json()[0]["own_days"] is None
    rows = AuditEvent.objects.filter(verb="retention.change").order_by("id")
    assert [(row.before, row.after) for row in rows] == [
        ({"events": None}, {"events": 30}),
        ({"events": 30}, {"events": None}),
    ]


@pytest.mark.parametrize(
    ("said", "field", "word"),
    [
        ({"events": 91}, "days.events", "between 1 and 90"),
        ({"events": 0}, "days.events", "between 1 and 90"),
        ({"audit": 30}, "days.audit", "the operator's to say"),
        ({"dreams": 30}, "days.dreams", "no kind of retention"),
        ({"history": 14, "events": 91}, "days.events", "between 1 and 90"),
    ],
)
def test_more_days_and_what_is_not_a_teams_to_say_are_refused(
    world: World, alice: APIClient, said: dict[str, int], field: str, word: str
) -> None:
    answer = put(alice, **said)
    assert answer.status_code == 400
    assert [(one["field"], word in one["message"]) for one in answer.json()["errors"]] == [(field, True)]
    assert TeamRetention.objects.count() == 0


def test_days_that_the_operator_shortens_hold_for_every_team(world: World, alice: APIClient, settings: Any) -> None:
    put(alice, events=60)
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "events": 10}
    assert next(row for row in alice.get(DAYS).json() if row["kind"] == "events")["days"] == 10
    old_event(world.team, 20)
    assert removal.remove_all(retention_kind.registry.get("events")) == 1


def test_usage_says_rows_bytes_and_growth_of_each_project(world: World, alice: APIClient) -> None:
    run = world.run()
    create_project(world.team, "empty")
    ingest_rows(run, 0, [{"_step": 0, "loss": 1.0}])
    size = Run.objects.get().bytes_logged or 0
    for age in (40, 20, 10):
        day = now().date() - timedelta(days=age)
        ProjectUsage.objects.create(project=world.project, day=day, row_count=0, bytes=age // 10)
    said = alice.get("/api/v1/teams/acme/usage").json()
    assert said == {
        "rows_bytes": size, "files_bytes": 0, "allowed_bytes": 0,
        "projects": [
            {"project": "mnist", "rows": 1, "bytes": size, "grown_bytes": size - 2,
             "grown_since": str(now().date() - timedelta(days=20))},
            {"project": "empty", "rows": 0, "bytes": 0, "grown_bytes": None, "grown_since": None},
        ],
    }  # fmt: skip


def test_team_settings_show_what_each_project_takes_and_how_long_things_are_kept(world: World, client: Any) -> None:
    TeamRetention.objects.create(team=world.team, kind="events", days=30)
    ProjectUsage.objects.create(project=world.project, day=now().date() - timedelta(days=9), row_count=0, bytes=0)
    Run.objects.filter(pk=world.run().pk).update(rows_logged=7, bytes_logged=3 * 2**20)
    client.force_login(world.users["alice"])
    page = re.sub(r"<[^>]+>|\s+", " ", client.get("/settings/").content.decode())
    text = " ".join(page.split())
    assert f"mnist 7 3.0 3.0 (since {now().date() - timedelta(days=9)})" in text
    assert "acme keeps: Audit log for ever, Events 30 days, Executions for ever" in text


def test_usage_is_noted_once_a_day_and_forgotten_after_a_month(world: World) -> None:
    ProjectUsage.objects.create(project=world.project, day=date(2026, 1, 5), row_count=1, bytes=1)
    project_usage.record_daily()
    ingest_rows(world.run(), 0, [{"_step": 0, "loss": 1.0}])
    project_usage.record_daily()
    assert list(ProjectUsage.objects.values_list("project", "row_count", "bytes")) == [(world.project.pk, 0, 0)]
