"""Pages of silences: two clicks for the common ones, a form for the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automations.models import Silence
from tests.world import FAILED, World


@pytest.fixture(autouse=True)
def hook(world: World) -> None:
    world.webhook("http://127.0.0.1:8009/")


def test_an_automation_is_silenced_until_tomorrow_in_two_clicks(world: World, bob: Client) -> None:
    automation = world.automation(FAILED)
    page = bob.get(automation.get_absolute_url()).content.decode()
    assert "Silence until tomorrow 9:00" in page
    answer = bob.post(f"/automations/{automation.pk}/silence", {"until": "tomorrow"})
    assert answer.status_code == 302, answer.content.decode()
    row = Silence.objects.get()
    assert row.automation == automation
    assert row.ends_at is not None
    assert (row.ends_at.hour, row.ends_at.date() - timezone.now().date()) == (9, timedelta(days=1))
    assert "the automation “automation”" in bob.get("/automations/silences").content.decode()
    bob.post(f"/automations/silences/{row.pk}/end")
    assert "Nothing is silenced" in bob.get("/automations/silences").content.decode()


def test_a_form_silences_a_project_each_night(world: World, bob: Client) -> None:
    sent = {"team": "acme", "project": "mnist", "weekdays": ["0", "1"], "from_time": "22:00", "to_time": "06:00"}
    assert bob.post("/automations/silences", sent).status_code == 302
    row = Silence.objects.get()
    assert (row.project, row.weekdays, row.from_time, row.minutes) == (world.project, [0, 1], "22:00", 480)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"project": "other"}, "The team has none of this name."),
        ({"weekdays": ["0"]}, "Say from when to when"),
        ({}, "Say when it ends, or on which weekdays it holds."),
        ({"ends_at": "2025-01-01T00:00"}, "is not after the start"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(world: World, bob: Client, sent: dict[str, Any], said: str) -> None:
    answer = bob.post("/automations/silences", {"team": "acme", **sent})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
