"""What every action owes, over the registry: it can be saved, shown, described, tried, exported and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations import action as actions
from automations import code, scopes, testing
from automations.action import Action
from automations.models import Automation, Execution
from automations.services import names_of_targets, sentence
from automations.tasks import work
from events import types
from integrations import provider as providers
from integrations.models import SlackChannel
from integrations.provider import Provider, endpoints_of, provider_of
from projects.services import finish_run
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
    with SmtpServer() as mail:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
        yield


def example(kind: type[Action]) -> dict[str, Any]:
    return {"type": kind.key, **kind.example}


def post(api: APIClient, address: str, **sent: Any) -> Any:
    return api.post(f"/api/v1/automations{address}", sent, format="json")


def save(api: APIClient, kind: type[Action]) -> dict[str, Any]:
    answer = post(
        api, "", name=kind.key, scope={"name": "acme/mnist"}, event="RUN_STATE", conditions=[FAILED],
        action=example(kind),
    )  # fmt: skip
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def fail_a_run(world: World) -> Execution:
    finish_run(world.run(display_name="prod-1"), 1)
    work()
    return Execution.objects.get()


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_says_what_it_is(kind: type[Action]) -> None:
    assert kind.key
    assert str(kind.label)
    assert kind.__doc__
    assert kind.wire == kind.wire.upper()


def test_the_names_on_the_wire_are_w_and_bs() -> None:
    wires = {kind.key: kind.wire for kind in actions.registry if kind.wire}
    assert wires == {"do_nothing": "NO_OP", "notify_slack": "NOTIFICATION", "send_webhook": "GENERIC_WEBHOOK"}


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_example_can_be_saved_and_is_shown_as_it_was_sent(api: APIClient, kind: type[Action]) -> None:
    shown = save(api, kind)["action"]
    assert {name: shown[name] for name in example(kind)} == example(kind)


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_example_fits_every_event(world: World, kind: type[Action]) -> None:
    for event in types.registry:
        action = kind(kind.checked(kind.example, team=world.team, event=event.key))
        assert isinstance(testing.preview(action, world.team, event), str)


@pytest.mark.parametrize("kind", ACTIONS)
def test_what_is_shown_can_be_sent_back_and_changes_nothing(api: APIClient, kind: type[Action]) -> None:
    made = save(api, kind)
    before = Automation.objects.values("action", "target").get()
    answer = api.patch(f"/api/v1/automations/{made['id']}", {"action": made["action"]}, format="json")
    assert answer.status_code == 200, answer.json()
    assert Automation.objects.values("action", "target").get() == before


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_is_exported_and_applied_without_a_change(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    document = json.loads(json.dumps(code.export(Automation.objects.all())))
    assert [step.verb for step in code.plan(document, scopes.found)] == ["unchanged"]
    Automation.objects.all().delete()
    assert [step.verb for step in code.apply(document, scopes.found, by=None)] == ["create"]
    assert code.export(Automation.objects.all()) == document


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_sentence_names_where_it_goes(api: APIClient, kind: type[Action]) -> None:
    save(api, kind)
    automation = Automation.objects.get()
    name = names_of_targets([automation])[automation.target]
    said = sentence(automation, name)
    assert said.startswith("When a run of acme/mnist fails, ")
    assert "gone" not in said
    assert kind(automation.action).describe("")


@pytest.mark.parametrize("kind", ACTIONS)
def test_its_target_leads_to_a_receiver_of_the_team(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    target = Automation.objects.get().target
    endpoint = endpoints_of([target])[target]
    assert (endpoint.key, endpoint.team_id) == (target, world.team.pk)
    assert target.startswith(f"{provider_of(target)[0].key}:")


@pytest.mark.parametrize("kind", ACTIONS)
def test_what_fires_is_done_once_with_a_row_of_history(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    execution = fail_a_run(world)
    assert execution.state == "finished", execution.reason
    attempt = execution.attempts.get()
    assert attempt.ok
    shown = api.get(f"/api/v1/executions/{execution.pk}").json()
    assert (shown["state"], len(shown["attempts"])) == ("finished", 1)


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_can_be_tried_before_it_is_saved(api: APIClient, world: World, kind: type[Action]) -> None:
    tried = post(api, "/test", team="acme", action=example(kind), event="RUN_STATE")
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
    seen = post(api, "/preview", team="acme", action=example(kind), event="RUN_STATE")
    assert seen.status_code == 200, seen.json()
    assert isinstance(seen.json()["body"], str)
    assert (slack.requests, receiver.log) == ([], [])


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_past_event_can_be_previewed(api: APIClient, world: World, kind: type[Action]) -> None:
    save(api, kind)
    event = fail_a_run(world).event
    assert event is not None
    seen = post(api, "/preview", team="acme", action=example(kind), event="RUN_STATE", event_id=event.pk)
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
    assert named.status_code == (400 if kind.example and kind.key != "send_email" else 200)


def test_an_action_that_is_none_is_refused_with_those_there_are(api: APIClient) -> None:
    refused = post(api, "/test", team="acme", action={"type": "fax"})
    assert refused.status_code == 400
    message = refused.json()["errors"][0]["message"]
    assert message == "'fax' is no action. Choose one of: do_nothing, send_email, notify_slack, send_webhook."


# Do nothing ----------------------------------------------------------------------------------------


def test_doing_nothing_is_finished_at_once(world: World) -> None:
    world.automation(FAILED, action={"type": "do_nothing"})
    execution = fail_a_run(world)
    assert (execution.state, execution.reason) == ("finished", "Nothing was sent.")
    assert execution.attempts.values_list("ok", "request", "reply").get() == (True, None, None)


# Providers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", [pytest.param(one, id=one.key) for one in providers.registry])
def test_every_provider_names_itself_and_finds_nothing_where_nothing_is(provider: type[Provider]) -> None:
    assert str(provider.label)
    assert str(provider.noun)
    assert provider.endpoints([999_999]) == {}
