"""A condition that a file adds is on the page by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test import Client

from automations.conditions import condition as conditions
from automations.conditions.condition import Condition, Verdict
from automations.models import Automation
from automations.parameters import Parameters
from tests.pages.people import NEW, text, typed
from tests.world import World


@pytest.fixture(autouse=True)
def hook(world: World) -> None:
    world.webhook("https://hooks.example.test/in")


class NewForm(Parameters):
    """A form of a condition that nobody here has heard of."""

    greatest = forms.IntegerField(label="Greatest moon", required=False)


class MoonPhase(Condition):
    """The moon is full."""

    key = "moon_phase"
    label = "Phase of the moon"
    events = ("run.state",)
    Form = NewForm
    example = {"greatest": 1}

    def describe(self) -> str:
        return "under a full moon"

    def judge(self, context: Any, past: Any) -> Verdict:
        return Verdict(True, "it is full")


def test_a_new_condition_shows_up_by_itself(bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conditions.registry._classes, "moon_phase", MoonPhase)
    page = text(bob.get(f"{NEW}?event=RUN_STATE"))
    assert "Phase of the moon" in page
    assert "The moon is full." in page
    bob.post(f"{NEW}?event=RUN_STATE", typed(**{"use": ["moon_phase"], "moon_phase-greatest": "7"}))
    assert Automation.objects.get().conditions[1] == {"type": "moon_phase", "greatest": 7}
