"""What every action owes, over the registry: it can be saved, shown, described, tried, exported and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from artifacts.services import create_version, get_or_create_collection
from automations.actions import action as actions
from automations.actions.action import Action
from automations.definitions import as_code, scopes
from automations.definitions.sentence import sentence_of
from automations.definitions.services import receiver_name, receiver_names
from automations.delivery import trial_delivery
from automations.models import Automation, Execution
from automations.tasks import work
from events import event_types
from integrations.kind import registry as kinds
from integrations.nothing.action import DoNothing
from integrations.slack.action import NotifySlack
from integrations.slack.models import SlackChannel
from integrations.webhook.action import SendWebhook
from outbound import provider as providers
from outbound.provider import Provider, provider_of, receivers_of
from projects.runs.lifecycle import finish_run
from tests.conftest import as_person
from tests.slack_server import SlackServer
from tests.smtp_server import SmtpServer
from tests.world import FAILED, World

ACTIONS = [pytest.param(kind, id=kind.key) for kind in actions.registry]


@pytest.fixture(autouse=True)
def receivers(world: World, receiver: HTTPServer, slack: SlackServer, settings: Any) -> Iterator[None]:
    """Something real for each action's example to go to."""
    world.webhook(receiver.url_for("/hook"), name="retrain-hook")
    SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=slack.hook_url)
    for key, name, values in (
        ("google_chat", "vision team", {"webhook_url": receiver.url_for("/hook?key=k&token=t")}),
        ("ntfy", "night-shift", {"server": receiver.url_for("/hook"), "topic": "night"}),
    ):
        kinds.get(key).create(world.team, {"name": name, **values})
    with SmtpServer() as mail:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
        yield


def example(kind: type[Action]) -> dict[str, Any]:
    return {"type": kind.key, **kind.example}


def post(api: APIClient, address: str, **sent: Any) -> Any:
    return api.post(f"/api/v1/automations{address}", sent, format="json")


def save(api: APIClient, kind: type[Action]) -> dict[str, Any]:
    answer = post(
        api, "", name=kind.key, scope={"name": "acme/mnist"}, event=event_of(kind),
        conditions=[] if kind.about == "artifact" else [FAILED], action=example(kind),
    )  # fmt: skip
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def event_of(kind: type[Action]) -> str:
    """Give an event that the action fits: of a version, where it changes one."""
    return "CREATE_ARTIFACT" if kind.about == "artifact" else "RUN_STATE"


def fail_a_run(world: World) -> Execution:
    finish_run(world.run(display_name="prod-1"), 1)
    work()
    return Execution.objects.get()


def cause(world: World, kind: type[Action]) -> Execution:
    """Let happen what the saved automation waits for; `prod-1` is in the name of what it is about."""
    if kind.about != "artifact":
        return fail_a_run(world)
    create_version(get_or_create_collection(world.project, "prod-1", "model")[0], "digest")
    work()
    return Execution.objects.get()


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_says_what_it_is(kind: type[Action]) -> None:
    assert kind.key
    assert str(kind.label)
    assert kind.__doc__
    assert kind.wire == kind.wire.upper()


def test_the_names_on_the_wire_are_w_and_bs() -> None:
    assert (SendWebhook.wire, NotifySlack.wire, DoNothing.wire) == ("GENERIC_WEBHOOK", "NOTIFICATION", "NO_OP")
    assert sorted(kind.wire for kind in actions.registry if kind.wire) == ["GENERIC_WEBHOOK", "NOTIFICATION", "NO_OP"]


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_example_can_be_saved_and_is_shown_as_it_was_sent(api: APIClient, kind: type[Action]) -> None:
    shown = save(api, kind)["action"]
    assert {name: shown[name] for name in example(kind)} == example(kind)


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_example_fits_every_event_that_may_have_it(world: World, kind: type[Action]) -> None:
    for event in (one for one in event_types.registry if kind in actions.actions_of(one.key)):
        action = kind(kind.checked(kind.example, team=world.team, event=event.key))
        assert isinstance(trial_delivery.preview(action, world.team, event), str)


@pytest.mark.parametrize("kind", ACTIONS)
def test_what_is_shown_can_be_sent_back_and_changes_nothing(api: APIClient, kind: type[Action]) -> None:
    made = save(api, kind)
    before = Automation.objects.values("action", "receiver_key").get()
    answer = api.patch(f"/api/v1/automations/{made['id']}", {"action": made["action"]}, format="json")
    assert answer.status_code == 200, answer.json()
    assert Automation.objects.values("action", "receiver_key").get() == before


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_is_exported_and_applied_without_a_change(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    document = json.loads(json.dumps(as_code.export(Automation.objects.all())))
    assert [step.verb for step in as_code.plan(document, scopes.place_named)] == ["unchanged"]
    Automation.objects.all().delete()
    assert [step.verb for step in as_code.apply(document, scopes.place_named, by=None)] == ["create"]
    assert as_code.export(Automation.objects.all()) == document


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_sentence_names_where_it_goes(api: APIClient, kind: type[Action]) -> None:
    save(api, kind)
    automation = Automation.objects.get()
    name = receiver_name(automation, receiver_names([automation]))
    said = sentence_of(automation, name)
    assert said.startswith(("When a run of acme/mnist fails, ", "When a version"))
    assert "gone" not in said
    assert kind(automation.action).describe("")


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_receiver_key_leads_to_a_receiver_of_the_team(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    receiver_key = Automation.objects.get().receiver_key
    receiver = receivers_of([receiver_key])[receiver_key]
    assert (receiver.key, receiver.team_id) == (receiver_key, world.team.pk)
    assert receiver_key.startswith(f"{provider_of(receiver_key)[0].key}:")


@pytest.mark.parametrize("kind", ACTIONS)
def test_what_fires_is_done_once_with_a_row_of_history(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    execution = cause(world, kind)
    assert execution.state == "delivered", execution.reason
    attempt = execution.attempts.get()
    assert attempt.ok
    shown = api.get(f"/api/v1/executions/{execution.pk}").json()
    assert (shown["state"], len(shown["attempts"])) == ("delivered", 1)


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_can_be_tried_before_it_is_saved(api: APIClient, world: World, kind: type[Action]) -> None:
    tried = post(api, "/test", team="acme", action=example(kind), event=event_of(kind))
    assert tried.status_code == 200, tried.json()
    assert tried.json()["ok"] is True, tried.json()
    assert tried.json().keys() == {"ok", "detail", "seconds", "request", "reply"}
    assert (Execution.objects.count(), Automation.objects.count()) == (0, 0)


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_automation_can_be_tried(api: APIClient, kind: type[Action]) -> None:
    made = save(api, kind)
    tried = post(api, f"/{made['id']}/test")
    assert tried.json()["ok"] is True, tried.json()
    assert Execution.objects.count() == 0


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_can_be_previewed_and_nothing_is_sent(
    api: APIClient, slack: SlackServer, receiver: HTTPServer, kind: type[Action]
) -> None:
    seen = post(api, "/preview", team="acme", action=example(kind), event=event_of(kind))
    assert seen.status_code == 200, seen.json()
    assert isinstance(seen.json()["body"], str)
    assert (slack.requests, receiver.log) == ([], [])


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_past_event_can_be_previewed(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    event = cause(world, kind).event
    assert event is not None
    seen = post(api, "/preview", team="acme", action=example(kind), event=event_of(kind), event_id=event.pk)
    assert kind.key == "do_nothing" or "prod-1" in seen.json()["body"]


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_field_it_does_not_have_is_refused(api: APIClient, kind: type[Action]) -> None:
    refused = post(api, "/test", team="acme", action={**example(kind), "colour": "red"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "colour"


@pytest.mark.parametrize("kind", ACTIONS)
def test_another_teams_people_cannot_try_it(world: World, kind: type[Action]) -> None:
    charlie = as_person(world.keys["charlie"])
    assert post(charlie, "/test", team="acme", action=example(kind)).status_code == 404
    named = post(charlie, "/test", team="other", action=example(kind))
    assert named.status_code == (400 if kind.names_by else 200)


def test_an_action_that_is_none_is_refused_with_those_there_are(api: APIClient) -> None:
    refused = post(api, "/test", team="acme", action={"type": "fax"})
    assert refused.status_code == 400
    message = refused.json()["errors"][0]["message"]
    assert message == f"'fax' is no action. Choose one of: {', '.join(kind.key for kind in actions.registry)}."


# Do nothing ----------------------------------------------------------------------------------------


def test_doing_nothing_is_finished_at_once(world: World) -> None:
    world.automation(FAILED, action={"type": "do_nothing"})
    execution = fail_a_run(world)
    assert (execution.state, execution.reason) == ("delivered", "Nothing was sent.")
    assert execution.attempts.values_list("ok", "request", "reply").get() == (True, None, None)


# Providers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", [pytest.param(one, id=one.key) for one in providers.registry])
def test_every_provider_names_itself_and_finds_nothing_where_nothing_is(provider: type[Provider]) -> None:
    assert str(provider.label)
    assert str(provider.noun)
    assert provider.receivers([999_999]) == {}
