"""Presets, headers, secrets, waits and rotation on the pages of team settings, without JavaScript."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_httpserver import HTTPServer

from integrations.webhook.models import Webhook
from integrations.webhook.preset_file import presets
from secrets_vault.models import Secret
from secrets_vault.services import previous, reveal
from teams.models import AuditEvent
from tests.settings.conftest import Browser
from tests.settings.pages import CANARY, page, text
from tests.settings.test_webhooks import form
from tests.world import World, put_settings

ADD = page(Webhook, "add")


def field_errors(answer: Any) -> dict[str, list[str]]:
    return {field: list(errors) for field, errors in answer.context["adminform"].form.errors.items()}


def rotate(hook: Webhook) -> str:
    return reverse("team_settings:integrations_webhook_rotate", args=[hook.pk])


# Fields --------------------------------------------------------------------------------------------


def test_what_is_typed_is_stored(alice: Client, token: Secret, world: World) -> None:
    world.secret("OTHER", "x")
    typed = form(
        team=world.team.pk, method="PUT", headers="X-Team: vision\r\n\r\nX-Key:  ${OTHER}: b", timeout_seconds="7",
        granted_secrets=["OTHER", "TOKEN"], retry_seconds="0, 5,300", preset="generic",
    )  # fmt: skip
    alice.post(ADD, typed)

    made = Webhook.objects.get()
    assert (made.method, made.timeout_seconds, made.retry_seconds) == ("PUT", 7, [0, 5, 300])
    assert made.headers == {"X-Team": "vision", "X-Key": "${OTHER}: b"}
    assert (made.granted_secrets, made.preset) == (["OTHER", "TOKEN"], "generic")


def test_what_is_stored_stands_in_the_form_as_it_was_typed(alice: Client, hook: Webhook) -> None:
    put_settings(
        Webhook.objects.all(),
        headers={"X-A": "1", "X-B": "2"},
        retry_seconds=[0, 60],
        granted_secrets=["TOKEN", "GONE"],
    )
    answer = alice.get(page(Webhook, "change", hook.pk))
    fields = answer.context["adminform"].form
    assert [fields[name].value() for name in ("headers", "retry_seconds")] == ["X-A: 1\nX-B: 2", "0, 60"]
    assert fields["granted_secrets"].value() == ["TOKEN", "GONE"]
    assert "GONE (does not exist)" in text(answer)
    assert 'name="granted_secrets" value="GONE"' in text(answer)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"headers": "X-A: 1\nhunter2"}, "headers", "Line 2 has no colon. Write each header as Name: value."),
        ({"headers": "X-A: 1\nX-A: 2"}, "headers", "Line 2 gives a header for the second time. Keep one."),
        ({"headers": "Host: a"}, "headers", "The header 'Host' must not be set. Remove it."),
        ({"retry_seconds": "0, soon"}, "retry_seconds", "'soon' is no number of seconds; write them like 0,5,300."),
        ({"retry_seconds": "5"}, "retry_seconds",
         "5 is the wait before the first try, which is made at once. Begin with 0."),
        ({"granted_secrets": ["NO"]}, "granted_secrets",
         "The team has no secret of one of these names. Its secrets: TOKEN."),
        ({"timeout_seconds": "31"}, "timeout_seconds", "Ensure this value is less than or equal to 30."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(
    alice: Client, hook: Webhook, typed: dict[str, Any], field: str, said: str
) -> None:
    answer = alice.post(page(Webhook, "change", hook.pk), form(**typed))
    assert field_errors(answer) == {field: [said]}
    kept = Webhook.objects.get()
    assert (kept.headers, kept.retry_seconds, kept.granted_secrets) == ({}, [], [])


def test_the_page_says_since_when_nothing_has_worked(alice: Client, hook: Webhook) -> None:
    assert "Failing since" not in text(alice.get(page(Webhook, "change", hook.pk)))
    Webhook.objects.update(failing_since="2026-01-05T12:00:00Z")
    assert "Failing since" in text(alice.get(page(Webhook, "change", hook.pk)))


# Presets -------------------------------------------------------------------------------------------


def test_every_preset_is_a_link_that_fills_the_form(alice: Client, token: Secret) -> None:
    offered = text(alice.get(ADD))
    for preset in presets().values():
        assert f'<a href="?preset={preset.key}">{html.escape(preset.label)}</a>' in offered
        answer = alice.get(f"{ADD}?preset={preset.key}")
        fields = answer.context["adminform"].form
        assert fields["url"].value() == preset.url
        assert fields["method"].value() == preset.method
        assert fields["headers"].value() == "\n".join(f"{name}: {value}" for name, value in preset.headers.items())
        assert fields["access_token"].value() == preset.access_token
        assert fields["granted_secrets"].value() == preset.granted_secrets
        assert html.escape(preset.about) in text(answer)
        assert all(name in text(answer) for name in preset.secrets)


def test_a_filled_form_is_refused_until_the_secrets_and_the_address_are_there(
    alice: Client, world: World, token: Secret
) -> None:
    preset = presets()["discord"]
    filled = form(team=world.team.pk, preset="discord", url=preset.url, granted_secrets=preset.granted_secrets)
    assert list(field_errors(alice.post(ADD, filled))) == ["granted_secrets"]
    world.secret("DISCORD_TOKEN", "x")
    (said,) = field_errors(alice.post(ADD, filled))["url"]
    assert said.startswith("Put what is yours in place of WEBHOOK_ID.")
    filled["url"] = preset.url.replace("WEBHOOK_ID", "12345")
    assert alice.post(ADD, filled).status_code == 302
    assert Webhook.objects.get().preset == "discord"


def test_a_word_that_is_no_preset_fills_nothing(alice: Client, token: Secret) -> None:
    answer = alice.get(f"{ADD}?preset=<script>")
    assert (answer.status_code, answer.context["adminform"].form["url"].value()) == (200, None)


def test_a_new_automation_begins_with_the_payload_of_the_webhooks_preset(alice: Client, hook: Webhook) -> None:
    put_settings(Webhook.objects.all(), preset="pagerduty")
    address = "/acme/mnist/automations/new?event=RUN_STATE"
    assert html.escape('"event_action": "${incident_action}"') in text(alice.get(address))
    put_settings(Webhook.objects.all(), preset="")
    assert "event_action" not in text(alice.get(address))


# Rotation ------------------------------------------------------------------------------------------


def test_the_signing_secret_is_rotated_from_its_page(alice: Client, hook: Webhook, world: World) -> None:
    put_settings(Webhook.objects.all(), secret="TOKEN")
    assert f'<a href="{rotate(hook)}">' in text(alice.get(page(Webhook, "change", hook.pk)))
    before = reveal(world.team.pk, ["TOKEN"])["TOKEN"]

    answer = alice.post(rotate(hook), {"value": "a\r\nb"}, follow=True)

    assert "The signing secret of hook has a new value." in text(answer)
    assert reveal(world.team.pk, ["TOKEN"]) == {"TOKEN": "a\nb", previous("TOKEN"): before}


def test_a_value_that_is_refused_is_not_shown_again(alice: Client, hook: Webhook) -> None:
    put_settings(Webhook.objects.all(), secret="TOKEN")
    answer = alice.post(rotate(hook), {"value": "hunter2" * 10_000})
    assert (answer.status_code, "hunter2" in text(answer)) == (200, False)
    assert "is the most" in text(answer)


def test_nobody_but_an_admin_of_the_team_rotates(browser: Browser, hook: Webhook, world: World) -> None:
    put_settings(Webhook.objects.all(), secret="TOKEN")
    before = reveal(world.team.pk, ["TOKEN"])
    statuses = [browser(name).post(rotate(hook), {"value": "new"}).status_code for name in ("charlie", "bob", "vera")]
    assert statuses == [404, 403, 403]
    assert reveal(world.team.pk, ["TOKEN"]) == before


def test_the_test_page_begins_with_the_presets_payload_and_shows_the_answer(
    alice: Client, world: World, receiver: HTTPServer
) -> None:
    world.secret("PAGERDUTY_ROUTING_KEY", "0123456789abcdef0123456789abcdef")
    made = world.webhook(
        receiver.url_for("/hook"), preset="pagerduty", method="PUT", granted_secrets=["PAGERDUTY_ROUTING_KEY"]
    )
    address = f"/acme/integrations/webhook/{made.name}/test"
    assert html.escape('"event_action": "${incident_action}"') in text(alice.get(address))

    shown = text(alice.post(address, {"event": "run.state", "payload": presets()["pagerduty"].payload}))

    ((request, _answer),) = receiver.log
    assert (request.method, request.json["event_action"]) == ("PUT", "trigger")
    assert "The receiver answered 200." in shown
    assert "0123456789abcdef" not in shown


# A test of what is not saved ---------------------------------------------------------------------------


def test_a_new_webhook_is_tried_before_it_is_saved(
    alice: Client, token: Secret, world: World, receiver: HTTPServer
) -> None:
    typed = form(
        team=world.team.pk, url=receiver.url_for("/hook"), access_token="TOKEN", preset="discord",
        headers="X-Team: vision", method="PUT",
    )  # fmt: skip
    shown = text(alice.post(ADD, {**typed, "_try": "Send a test"}))

    ((request, _answer),) = receiver.log
    assert (request.method, request.headers["X-Team"]) == ("PUT", "vision")
    assert request.headers["Authorization"] == f"Bearer {CANARY}"
    assert "embeds" in request.json
    assert "The receiver answered 200." in shown
    assert CANARY not in shown
    assert 'value="X-Team: vision"' in shown or "X-Team: vision</textarea>" in shown
    assert Webhook.objects.count() == AuditEvent.objects.filter(verb="webhook.create").count() == 0


def test_a_change_is_tried_before_it_is_saved(alice: Client, hook: Webhook, receiver: HTTPServer) -> None:
    before = Webhook.objects.values().get()
    typed = form(name="renamed", url=receiver.url_for("/hook"), secret="TOKEN")
    shown = text(alice.post(page(Webhook, "change", hook.pk), {**typed, "_try": "Send a test"}))

    ((request, _answer),) = receiver.log
    assert request.headers["X-Wandb-Signature"]
    assert "The receiver answered 200." in shown
    assert 'value="renamed"' in shown
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"url": "http://169.254.169.254/"}, "url"), ({"secret": "NO"}, "secret")],
)
def test_what_could_not_be_saved_is_not_tried(
    alice: Client, token: Secret, world: World, receiver: HTTPServer, wrong: dict[str, str], field: str
) -> None:
    typed = form(**{"team": world.team.pk, "url": receiver.url_for("/hook"), **wrong})
    answer = alice.post(ADD, {**typed, "_try": "Send a test"})
    assert list(field_errors(answer)) == [field]
    assert receiver.log == []
    assert not Webhook.objects.exists()


def test_nobody_tries_a_webhook_for_a_team_they_do_not_administer(
    browser: Browser, token: Secret, world: World, receiver: HTTPServer
) -> None:
    typed = form(team=world.team.pk, url=receiver.url_for("/hook"), access_token="TOKEN", _try="Send a test")
    for person in ("bob", "charlie"):
        browser(person).post(ADD, typed)
    assert receiver.log == []
