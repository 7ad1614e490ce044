"""The page of a team's own days of retention: it says what would go before anything is set, and refuses like REST."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from events.models import Event
from operations.models import TeamRetention
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from tests.world import World

pytestmark = pytest.mark.django_db
PAGE = "/settings/retention/acme"


@pytest.fixture(autouse=True)
def days(settings: Any) -> None:
    settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 0), "events": 90}


@pytest.fixture
def alice(world: World, client: Client) -> Client:
    client.force_login(world.users["alice"])
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_first_post_says_what_would_go_and_sets_nothing(world: World, alice: Client) -> None:
    old = now() - timedelta(days=40)
    for team in (world.team, world.team, world.other_team):
        Event.objects.create(kind="run.alert", team=team, occurred_at=old, processed_at=old)
    run = world.run()
    ingest_rows(run, 0, [{"loss": 1.0}, {"loss": 2.0}])
    finish_run(run, 0)
    Run.objects.update(finished_at=old)
    there = Event.objects.count()
    answer = alice.post(PAGE, {"events": "30", "history": "14", "notices": ""})
    assert answer.status_code == 200
    assert "Events 30 2 History 14 1 They cannot be brought back" in text(answer)
    assert (TeamRetention.objects.count(), Event.objects.count()) == (0, there)


def test_once_that_was_seen_the_days_are_set(world: World, alice: Client) -> None:
    TeamRetention.objects.create(team=world.team, kind="history", days=9)
    answer = alice.post(PAGE, {"events": "30", "history": "", "confirmed": "1"}, follow=True)
    assert "Saved. What is older goes within the hour." in text(answer)
    assert list(TeamRetention.objects.values_list("kind", "days")) == [("events", 30)]
    assert AuditEvent.objects.filter(verb="retention.change").count() == 1
    assert 'name="events" value="30"' in answer.content.decode()


def test_days_that_hold_already_change_nothing(world: World, alice: Client) -> None:
    assert "Nothing changes: these are the days that hold." in text(alice.post(PAGE, {}))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"events": "91"}, "91 days are not between 1 and 90"),
        ({"events": "0"}, "0 days are not between 1 and 90"),
        ({"history": "soon"}, "This is no number of days"),
        ({"history": "9" * 30}, "days are not between 1 and 36500"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_what_was_typed_stays(
    world: World, alice: Client, sent: dict[str, str], said: str
) -> None:
    answer = alice.post(PAGE, {**sent, "confirmed": "1"})
    assert (answer.status_code, text(answer).count(said)) == (422, 2)
    assert all(f'value="{value}"' in answer.content.decode() for value in sent.values())
    assert not TeamRetention.objects.exists()


def test_what_is_not_the_teams_to_say_has_no_field(world: World, alice: Client) -> None:
    assert 'name="audit"' not in alice.get(PAGE).content.decode()


def test_it_shows_what_each_project_takes(world: World, alice: Client) -> None:
    Run.objects.filter(pk=world.run().pk).update(rows_logged=7, bytes_logged=3 * 2**20)
    assert "mnist 7 3.0 –" in text(alice.get(PAGE))
