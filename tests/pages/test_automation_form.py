"""An automation made and changed on a page: the same as over REST, refused in the same words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from automations.models import Automation
from events import event_types
from integrations.webhook.action import DEFAULT_PAYLOAD
from tests.pages.people import NEW, PROJECT, metric, text, typed, values_of
from tests.world import FAILED, World, threshold

COLUMNS = [
    "name", "description", "enabled", "scope", "event_type", "conditions", "action_type", "action", "receiver_key",
    "cooldown_seconds",
]  # fmt: skip


@pytest.fixture(autouse=True)
def hook(world: World) -> None:
    world.webhook("https://hooks.example.test/in")


def row(pk: int | None = None) -> dict[str, Any]:
    rows = Automation.objects.filter(pk=pk) if pk else Automation.objects.all()
    return rows.values(*COLUMNS).get()


def over_rest(api: APIClient, event: str, *asked: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {
        "name": "bell",
        "scope": {"type": "project", "name": "acme/mnist"},
        "event": event,
        "conditions": list(asked),
        "action": {"type": "send_webhook", "webhook": "hook", "payload": DEFAULT_PAYLOAD},
        **more,
    }
    answer = api.post("/api/v1/automations", body, format="json")
    assert answer.status_code == 201, answer.json()
    return row(answer.json()["id"])


@pytest.mark.parametrize("address", [NEW, "/automations/new"], ids=["choose an event", "choose a scope"])
def test_the_first_page_already_shows_the_three_steps(address: str, bob: Client) -> None:
    page = text(bob.get(address))
    assert re.findall(r"</i>(\w+)</span>", page) == ["Event", "Action", "Details"]
    assert '<span aria-current="step"><i>1</i>' in page


def test_a_form_makes_what_rest_makes(bob: Client, api: APIClient) -> None:
    answer = bob.post(f"{NEW}?event=RUN_STATE", typed())
    made = Automation.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    by_form = row()
    made.delete()
    assert by_form == over_rest(api, "RUN_STATE", FAILED)


def test_a_form_with_filters_makes_what_rest_makes(bob: Client, api: APIClient) -> None:
    bob.post(
        f"{NEW}?event=RUN_METRIC",
        metric(
            **{
                "use": ["run_name"],
                "run_name-pattern": "^prod-",
                "cooldown_seconds_0": "90",
                "cooldown_seconds_1": "60",
                "enabled": "",
            }
        ),
    )
    by_form = row()
    Automation.objects.all().delete()
    by_rest = over_rest(
        api,
        "RUN_METRIC",
        threshold(aggregation="average", window=5, threshold=1.5),
        {"type": "run_name", "pattern": "^prod-"},
        cooldown_seconds=5400,
        enabled=False,
    )
    assert by_form == by_rest


def test_the_person_who_makes_it_is_noted(bob: Client, world: World) -> None:
    bob.post(f"{NEW}?event=RUN_STATE", typed())
    assert Automation.objects.get().created_by == world.users["bob"]


def test_a_filter_that_is_off_is_not_used(bob: Client) -> None:
    bob.post(f"{NEW}?event=RUN_STATE", typed())
    assert [one["type"] for one in Automation.objects.get().conditions] == ["run_state"]


def test_each_event_and_its_meaning_is_offered(bob: Client) -> None:
    page = text(bob.get(NEW))
    for event in event_types.registry:
        assert f"?event={event.wire}" in page


@pytest.mark.parametrize("event", [event.wire for event in event_types.registry])
def test_the_form_of_each_event_opens(bob: Client, event: str) -> None:
    assert bob.get(f"{NEW}?event={event}").status_code == 200


def test_an_event_that_does_not_exist_leads_to_those_that_do(bob: Client) -> None:
    page = text(bob.get(f"{NEW}?event=NOPE"))
    assert "There is no event “NOPE”" in page
    assert "?event=RUN_STATE" in page


def test_an_address_opens_the_form_filled_in(bob: Client) -> None:
    page = text(bob.get(f"{NEW}?event=RUN_STATE&name=Bell&run_state-states=failed&run_name-pattern=^prod-"))
    assert values_of(page, "name") == ["Bell"]
    assert values_of(page, "run_name-pattern") == ["^prod-"]
    # Failed, the filter on names, the first of the actions, and enabled.
    assert page.count(" checked") == 4


def test_the_ready_made_examples_can_be_sent_as_they_open(bob: Client) -> None:
    page = bob.get(f"{PROJECT}/automations")
    for example in page.context["examples"]:
        opened = bob.get(f"{NEW}?{example.query}")
        assert opened.status_code == 200
        assert values_of(text(opened), "name") == [dict(example.fields)["name"]]


def test_the_metrics_of_recent_runs_are_offered(bob: Client, world: World) -> None:
    run = world.run()
    run.summary = {"val/loss": 1.0, "_step": 3}
    run.save()
    page = text(bob.get(f"{NEW}?event=RUN_METRIC"))
    assert '<option value="val/loss">' in page
    assert 'value="_step"' not in page
    assert 'list="known-metric"' in page


def test_a_team_without_a_webhook_is_told_where_to_add_one(alice: Client, bob: Client, world: World) -> None:
    world.webhooks.all().delete()
    assert "There is no webhook to choose yet." in text(bob.get(f"{NEW}?event=RUN_STATE"))
    assert 'href="/settings/">Add one in the team settings' in text(alice.get(f"{NEW}?event=RUN_STATE"))


def test_editing_starts_with_what_is_stored_and_changes_only_what_was_changed(bob: Client, world: World) -> None:
    automation = world.automation(FAILED, {"type": "run_name", "pattern": "^prod-"}, cooldown_seconds=7200)
    before = row()
    page = text(bob.get(f"/automations/{automation.pk}/edit"))
    assert values_of(page, "run_name-pattern") == ["^prod-"]
    assert values_of(page, "cooldown_seconds_0") == ["2"]
    sent = typed(name="new name", cooldown_seconds_0="2", **{"use": ["run_name"], "run_name-pattern": "^prod-"})
    answer = bob.post(f"/automations/{automation.pk}/edit", sent)
    assert answer.status_code == 302
    assert row() == {**before, "name": "new name"}


def test_switching_a_filter_off_takes_it_away(bob: Client, world: World) -> None:
    automation = world.automation(FAILED, {"type": "run_name", "pattern": "^prod-"})
    bob.post(f"/automations/{automation.pk}/edit", typed(name="automation", **{"run_name-pattern": "^prod-"}))
    automation.refresh_from_db()
    assert [one["type"] for one in automation.conditions] == ["run_state"]
