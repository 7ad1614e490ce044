"""Webhooks are made and changed as over REST, and refused in the same words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from automations.models import Automation
from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from teams.models import Membership
from tests.settings.conftest import Browser
from tests.settings.pages import page, text
from tests.world import FAILED, World, put_settings

URL = "http://127.0.0.1:8099/hook"


def form(**values: Any) -> dict[str, Any]:
    return {"name": "hook", "url": URL, "access_token": "", "secret": "", "method": "POST", "enabled": "on", **values}


def test_a_webhook_is_made(alice: Client, token: Secret, world: World) -> None:
    alice.post(page(Webhook, "add"), form(team=world.team.pk, access_token="TOKEN"))

    made = Webhook.objects.get()
    assert (made.name, made.url, made.access_token, made.enabled) == ("hook", URL, "TOKEN", True)
    assert made.created_by == world.users["alice"]


def test_a_webhook_is_changed(alice: Client, hook: Webhook) -> None:
    alice.post(page(Webhook, "change", hook.pk), form(name="renamed", secret="TOKEN"))

    hook.refresh_from_db()
    assert (hook.name, hook.access_token, hook.secret) == ("renamed", "", "TOKEN")


@pytest.mark.parametrize(
    "wrong",
    [{"name": "hook"}, {"name": "a//b"}, {"url": "http://169.254.169.254/"}, {"url": "ftp://a.test"}, {"secret": "NO"}],
    ids=["taken", "malformed", "forbidden address", "other scheme", "unknown secret"],
)
def test_what_rest_refuses_is_refused_in_the_same_words(
    alice: Client, api: APIClient, hook: Webhook, world: World, wrong: dict[str, str]
) -> None:
    values = {"name": "another", "url": URL, **wrong}
    over_rest = api.post("/api/v1/teams/acme/integrations/webhook", values, format="json").json()["errors"]

    answer = alice.post(page(Webhook, "add"), form(team=world.team.pk, **values))

    on_page = {field: list(errors) for field, errors in answer.context["adminform"].form.errors.items()}
    assert on_page == {error["field"]: [error["message"]] for error in over_rest}
    assert Webhook.objects.count() == 1


def test_a_refused_change_is_not_shown_as_done(alice: Client, hook: Webhook) -> None:
    Webhook.objects.update(enabled=False, disabled_reason="It was gone.")

    answer = alice.post(page(Webhook, "change", hook.pk), form(url="http://169.254.169.254/"))

    hook.refresh_from_db()
    assert "It was gone." in text(answer)
    assert (hook.url, hook.enabled) == (URL, False)


def test_enabling_takes_the_reason_away(alice: Client, hook: Webhook) -> None:
    Webhook.objects.update(enabled=False, disabled_reason="It was gone.")
    assert "It was gone." in text(alice.get(page(Webhook, "changelist")))

    alice.post(page(Webhook, "change", hook.pk), form())

    hook.refresh_from_db()
    assert (hook.enabled, hook.disabled_reason) == (True, "")


def test_the_names_of_the_teams_secrets_are_offered(alice: Client, hook: Webhook) -> None:
    shown = text(alice.get(page(Webhook, "change", hook.pk)))

    assert '<option value="TOKEN" selected>TOKEN</option>' in shown
    assert '<option value="TOKEN">TOKEN</option>' in shown


def test_secrets_of_two_teams_are_offered_apart(browser: Browser, hook: Webhook, world: World) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["alice"], role="admin")

    assert '<optgroup label="acme">' in text(browser("alice").get(page(Webhook, "add")))


def test_a_secret_that_is_gone_is_not_silently_forgotten(alice: Client, hook: Webhook) -> None:
    Secret.objects.all().delete()

    assert "TOKEN (does not exist)" in text(alice.get(page(Webhook, "change", hook.pk)))


def test_a_test_can_be_sent_from_the_list_and_the_page(alice: Client, hook: Webhook) -> None:
    Webhook.objects.update(name="two words")

    for address in (page(Webhook, "changelist"), page(Webhook, "change", hook.pk)):
        assert '<a href="/acme/integrations/webhook/two%20words/test">Send a test</a>' in text(alice.get(address))


def test_credentials_in_an_address_are_masked_in_the_list(alice: Client, hook: Webhook) -> None:
    put_settings(Webhook.objects.all(), url="https://me:hunter2@hooks.test/")

    shown = text(alice.get(page(Webhook, "changelist")))

    assert "https://********@hooks.test/" in shown
    assert "hunter2" not in shown


def test_deleting_a_used_webhook_names_the_automations_first(alice: Client, hook: Webhook, world: World) -> None:
    world.automation(FAILED, name="retrain")

    shown = text(alice.get(page(Webhook, "delete", hook.pk)))

    assert "The automation retrain of acme/mnist calls it: it will need attention, and what it sends fails." in shown
    assert Webhook.objects.count() == 1


def test_a_confirmed_webhook_is_gone_and_its_automations_need_attention(
    alice: Client, hook: Webhook, world: World
) -> None:
    world.automation(FAILED)

    alice.post(page(Webhook, "delete", hook.pk), {"post": "yes"})

    assert Webhook.objects.count() == 0
    assert Automation.objects.get().problem == "Its webhook hook was deleted. Edit the automation and choose another."


def test_the_list_counts_the_automations_that_are_there(alice: Client, hook: Webhook, world: World) -> None:
    world.automation(FAILED)
    world.automation(FAILED, name="second")
    Automation.objects.filter(name="second").update(deleted_at="2026-01-01T00:00:00Z")

    assert ' class="field-automation_count">1</td>' in text(alice.get(page(Webhook, "changelist")))
