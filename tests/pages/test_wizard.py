"""The wizard in three steps: each turn without scripts, any condition and any action, in every scope."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.test import Client

from automations.actions import action as actions
from automations.conditions import condition as conditions
from automations.definitions import scope_type
from automations.models import Automation
from events import event_types
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from registries.models import RegistryRole
from registries.services import create_registry, set_role_of_user
from tests.pages.people import NEW, bell, browser, executions, metric, text, typed, values_of
from tests.world import World, put_settings

BACKTEST, PREVIEW, TEST = "/automations/backtest", "/automations/preview", "/automations/test"
HERE = {"scope": "project", "in": "acme/mnist"}


@pytest.fixture(autouse=True)
def hook(world: World) -> None:
    world.webhook("https://hooks.example.test/in")


def turn(client: Client, go: str, step: str, **fields: Any) -> Any:
    return client.post(f"{NEW}?event=RUN_METRIC", {"go": go, "step": step, "event": "RUN_METRIC", **metric(**fields)})


def shown_step(answer: Any) -> str:
    return str(answer.context["step"])


def test_each_step_leads_to_the_next_and_keeps_what_was_typed_in_the_others(bob: Client) -> None:
    page = turn(bob, "action", "event", name="Kept")
    assert shown_step(page) == "action"
    assert values_of(text(page), "metric_threshold-threshold") == ["1.5"]
    page = turn(bob, "details", "action", name="Kept")
    assert shown_step(page) == "details"
    assert values_of(text(page), "name") == ["Kept"]
    assert not Automation.objects.exists()


def test_a_step_that_is_wrong_is_not_left_but_backwards(bob: Client) -> None:
    wrong = {"metric_threshold-metric": ""}
    assert shown_step(turn(bob, "details", "action", **wrong)) == "event"
    assert shown_step(turn(bob, "event", "action", **wrong)) == "event"
    page = turn(bob, "event", "details", name="")
    assert 'class="errors"' not in text(page)


def test_the_last_step_says_the_whole_in_one_sentence(bob: Client) -> None:
    page = text(turn(bob, "details", "action"))
    loss = "<strong>average of the last 5 </strong><strong><code>loss</code></strong> rises above <strong>1.5</strong>"
    assert f"When the {loss} in a run of <strong>acme/mnist</strong>, call <strong>hook</strong>." in page


def test_a_link_from_a_chart_opens_it_with_the_metric(bob: Client) -> None:
    page = text(bob.get(f"{NEW}?event=RUN_METRIC&metric=val/loss"))
    assert values_of(page, "metric_threshold-metric") == ["val/loss"]
    assert values_of(page, "metric_threshold-window") == ["5"]


def test_another_event_keeps_the_name_and_the_action(bob: Client) -> None:
    sent = {"go": "choose", "step": "event", "event": "RUN_STATE", **typed(name="Kept")}
    cards = text(bob.post(f"{NEW}?event=RUN_STATE", sent))
    assert 'name="choose" value="RUN_METRIC"' in cards
    sent = {"choose": "RUN_METRIC", **typed(name="Kept", action="do_nothing")}
    page = bob.post(f"{NEW}?event=RUN_STATE", sent)
    assert page.context["event"].wire == "RUN_METRIC"
    assert page.context["form"].action.chosen.key == "do_nothing"
    assert values_of(text(page), "name") == ["Kept"]


@pytest.mark.parametrize("kind", list(conditions.registry), ids=lambda kind: kind.key)
def test_any_condition_stands_in_the_wizard_and_is_kept(kind: Any, bob: Client) -> None:
    event = next(
        event
        for event in event_types.registry
        if kind in conditions.conditions_of(event.key) and "project" in event.scopes
    )
    defining = [one for one in conditions.conditions_of(event.key) if event.key in one.defines]
    used = {kind.key: kind.example} | ({defining[0].key: defining[0].example} if defining else {})
    sent: dict[str, Any] = {"name": "any", "cooldown_seconds_0": "1", "cooldown_seconds_1": "60", "rate_limit": "5"}
    for key, example in used.items():
        form = conditions.registry.get(key).Form(prefix=key, initial=dict(example))
        sent |= _fields(form)
    sent |= {"use": list(used), "action": "do_nothing"}
    sent |= {"condition": kind.key if kind in defining else defining[0].key} if defining else {}
    answer = bob.post(f"{NEW}?event={event.wire}", sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert {one["type"] for one in Automation.objects.get().conditions} == set(used)


@pytest.mark.parametrize("kind", list(actions.registry), ids=lambda kind: kind.key)
def test_any_action_stands_in_the_wizard(kind: Any, bob: Client) -> None:
    event = "CREATE_ARTIFACT" if kind.about == "artifact" else "RUN_STATE"
    page = bob.get(f"{NEW}?event={event}&action={kind.key}")
    assert page.context["form"].action.chosen.key == kind.key
    assert str(kind.label) in text(page)


def _fields(form: forms.Form) -> dict[str, Any]:
    """What a browser sends of a form as it is shown."""
    sent = {}
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            value = "on" if value else ""
        sent[bound.html_name] = value if isinstance(value, list) else "" if value is None else str(value)
    return sent


def test_the_backtest_counts_names_places_and_draws(bob: Client, world: World) -> None:
    for name in ("one", "two"):
        ingest_rows(
            world.run(name), 0, [{"_step": step, "loss": value} for step, value in enumerate([1, 1, 9, 9, 9, 1])]
        )
    page = text(bob.post(BACKTEST, {**HERE, "event": "RUN_METRIC", **metric()}))
    assert "It would have fired 2 times." in page
    assert 'href="/acme/mnist/runs/two"' in page
    assert "&quot;thresholds&quot;: [{&quot;value&quot;: 1.5, &quot;side&quot;: &quot;above&quot;}]" in page
    assert "&quot;step&quot;: 4" in page


def test_the_backtest_says_what_is_missing_and_what_it_cannot_know(bob: Client) -> None:
    unfinished = text(bob.post(BACKTEST, {**HERE, "event": "RUN_METRIC", **metric(**{"metric_threshold-metric": ""})}))
    assert "Fill in the event" in unfinished
    nothing = text(bob.post(BACKTEST, {**HERE, "event": "RUN_STATE", **typed()}))
    assert "Nothing of this kind happened here" in nothing
    stalled = {
        **HERE,
        "event": "RUN_STALLED",
        **typed(condition="stalled", **{"stalled-metric": "", "stalled-seconds": "1800"}),
    }
    assert "only noted while an automation listens" in text(bob.post(BACKTEST, stalled))


def test_the_backtest_stops_in_time_and_says_so(bob: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "three"):
        ingest_rows(world.run(name), 0, [{"loss": 9.0}] * 6)
    monkeypatch.setattr("automations.views.wizard.previews._SECONDS", -1)
    page = text(bob.post(BACKTEST, {**HERE, "event": "RUN_METRIC", **metric()}))
    assert "It would have fired once" in page
    assert "it came as far as" in page


def test_a_preview_fills_in_samples_or_a_past_event_and_masks_secrets(bob: Client, world: World) -> None:
    world.secret("TOKEN", "very-secret-value")
    webhook = world.webhooks.get()
    webhook.access_token = "TOKEN"
    webhook.save()
    sent = {**HERE, "event": "RUN_STATE", **typed(**{"send_webhook-payload": '{"a": "${run_name} ${ACCESS_TOKEN}"}'})}
    page = text(bob.post(PREVIEW, sent))
    assert "prod-baseline ********" in page
    assert "very-secret-value" not in page
    finish_run(world.run("r1", display_name="really"), 1)
    past = bob.get(f"{NEW}?event=RUN_STATE").context["past"]
    assert "really ********" in text(bob.post(PREVIEW, {**sent, "past": str(past[0].pk)}))


def test_a_preview_says_what_is_wrong_with_the_payload(bob: Client) -> None:
    sent = {**HERE, "event": "RUN_STATE", **typed(**{"send_webhook-payload": '{"a": "${no_such}"}'})}
    assert "no_such" in text(bob.post(PREVIEW, sent))


def test_a_test_is_sent_and_its_answer_shown_without_a_trace(bob: Client, world: World, receiver: Any) -> None:
    put_settings(world.webhooks, url=receiver.url_for("/hook"))
    page = text(bob.post(TEST, {**HERE, "event": "RUN_STATE", **typed()}))
    assert "Delivered" in page
    assert "&quot;ok&quot;: true" in page
    assert len(receiver.log) == 1
    page = bob.post(f"{NEW}?event=RUN_STATE", {"go": "test", "step": "action", "event": "RUN_STATE", **typed(name="")})
    assert shown_step(page) == "action"
    assert "Delivered" in text(page)
    assert not Automation.objects.exists()


@pytest.mark.parametrize("address", [BACKTEST, PREVIEW, TEST])
def test_nobody_else_is_helped(world: World, address: str) -> None:
    sent = {**HERE, "event": "RUN_STATE", **typed()}
    assert browser(world, "vera").post(address, sent).status_code == 403
    assert browser(world, "charlie").post(address, sent).status_code == 404
    assert browser(world, "bob").get(address).status_code == 405


def test_the_hub_asks_for_the_scope_first(alice: Client, world: World) -> None:
    page = text(alice.get("/automations/new"))
    for kind in scope_type.registry:
        assert f'name="scope" value="{kind.key}"' in page
    answer = alice.post("/automations/new?scope=team&in=acme&event=RUN_STATE", typed(action="do_nothing"))
    made = Automation.objects.get()
    assert answer["Location"] == made.get_absolute_url() == f"/automations/{made.pk}"
    assert made.scope == f"team:{world.team.pk}"
    assert alice.get("/automations/new?scope=team&in=nowhere").status_code == 404


@pytest.fixture
def registry(world: World) -> str:
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    found = create_registry(organization, "models")
    set_role_of_user(found, "bob", RegistryRole.MEMBER)
    return "/registry/research/models"


def test_a_registry_has_the_same_tab(bob: Client, world: World, registry: str) -> None:
    empty = text(bob.get(f"{registry}/automations"))
    assert empty.count(f'href="{registry}/automations/new?event=') == 3
    assert "RUN_STATE" not in text(bob.get(f"{registry}/automations/new"))
    answer = bob.post(
        f"{registry}/automations/new?event=ADD_ARTIFACT_ALIAS",
        {"use": ["alias"], "alias-pattern": "^production$", **typed(name="Deploy"), "team": "acme"},
    )
    made = Automation.objects.get()
    assert (made.scope_type, made.scope_name, made.team) == ("registry", "research/models", world.team)
    assert answer["Location"] == f"/automations/{made.pk}"
    executions(made, 1)
    assert "Deploy" in text(bob.get(f"{registry}/automations"))
    assert "Deploy" in text(bob.get(f"{registry}/history"))
    assert "When" in text(bob.get(made.get_absolute_url()))


def test_an_action_in_a_registry_uses_what_the_chosen_team_has(world: World, bob: Client, registry: str) -> None:
    team = world.team.organization.teams.create(name="second")
    team.memberships.create(user=world.users["bob"], role="member")
    sent = {"go": "team", "step": "action", "event": "LINK_MODEL", **typed(), "team": "second"}
    page = bob.post(f"{registry}/automations/new", sent)
    assert shown_step(page) == "action"
    assert page.context["where"].team == team
    # It has none of its own: only what bob's other team lends.
    assert re.findall(r'<option value="(.*hook)"', text(page)) == ["acme/hook"]


def test_a_run_event_does_not_happen_in_a_registry(bob: Client, registry: str) -> None:
    assert "does not happen in research/models" in text(bob.get(f"{registry}/automations/new?event=RUN_STATE"))


def test_a_copy_opens_filled_in_and_leaves_the_first_alone(bob: Client, world: World) -> None:
    first = bell(world, "first")
    page = text(bob.get(f"/automations/{first.pk}/duplicate"))
    assert values_of(page, "name") == ["first, copy"]
    bob.post(f"/automations/{first.pk}/duplicate", typed(name="first, copy"))
    assert list(Automation.objects.order_by("pk").values_list("name", flat=True)) == ["first", "first, copy"]


def test_the_tab_is_a_file_that_can_be_applied_again(bob: Client, world: World) -> None:
    bell(world, "first")
    answer = bob.get("/acme/mnist/automations.yaml")
    assert answer["Content-Disposition"] == 'attachment; filename="acme-mnist.yaml"'
    assert "name: first" in text(answer)
    assert "webhook: hook" in text(answer)
    assert Run.objects.count() == 0
