"""What is in use is deleted over REST only when that is confirmed."""

from __future__ import annotations

from rest_framework.test import APIClient

from automations.models import Automation
from integrations import removal
from integrations.webhook.kind import WebhookKind
from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from secrets_vault.services import delete_secret
from tests.conftest import as_person
from tests.world import FAILED, World

HOOK = "/api/v1/teams/acme/integrations/webhook/hook"
TOKEN = "/api/v1/teams/acme/secrets/TOKEN"


def test_an_unused_webhook_is_deleted(api: APIClient, hook: Webhook) -> None:
    assert api.delete(HOOK).status_code == 204
    assert Webhook.objects.count() == 0


def test_a_used_webhook_is_refused_with_the_automations(api: APIClient, hook: Webhook, world: World) -> None:
    world.automation(FAILED, name="retrain")
    world.automation(FAILED, name="page the night shift")

    answer = api.delete(HOOK)

    assert answer.status_code == 409
    assert "Automations use the webhook hook: page the night shift, retrain." in answer.json()["detail"]
    assert (Webhook.objects.count(), Automation.objects.exclude(problem="").count()) == (1, 0)


def test_a_confirmed_webhook_is_deleted_and_its_automations_need_attention(
    api: APIClient, hook: Webhook, world: World
) -> None:
    automation = world.automation(FAILED)

    assert api.delete(f"{HOOK}?confirm=true").status_code == 204

    shown = api.get(f"/api/v1/automations/{automation.pk}").json()
    assert shown["problem"] == "Its webhook hook was deleted. Edit the automation and choose another."


def test_an_unused_secret_is_deleted(api: APIClient, token: Secret) -> None:
    assert api.delete(TOKEN).status_code == 204
    assert Secret.objects.count() == 0


def test_a_used_secret_is_refused_with_the_webhooks(api: APIClient, hook: Webhook, world: World) -> None:
    world.webhook("http://127.0.0.1:9/", name="signed", secret="TOKEN")

    answer = api.delete(TOKEN)

    assert answer.status_code == 409
    assert "Integrations use the secret TOKEN: hook, signed." in answer.json()["detail"]
    assert Secret.objects.count() == 1


def test_a_secret_of_the_same_name_elsewhere_is_not_in_use(api: APIClient, token: Secret, world: World) -> None:
    world.webhook("http://127.0.0.1:9/", team=world.other_team, secret="TOKEN")

    assert api.delete(TOKEN).status_code == 204


def test_a_confirmed_secret_is_deleted_and_automations_need_attention(
    api: APIClient, hook: Webhook, world: World
) -> None:
    world.automation(FAILED)

    assert api.delete(f"{TOKEN}?confirm=true").status_code == 204

    assert Automation.objects.get().problem == (
        "The secret TOKEN of its webhook hook was deleted. Add it again, then save the automation."
    )


def test_only_true_confirms(api: APIClient, hook: Webhook, world: World) -> None:
    world.automation(FAILED)

    assert [api.delete(f"{HOOK}?confirm={word}").status_code for word in ("", "false", "1")] == [409, 409, 409]


def test_a_member_and_a_stranger_delete_nothing(hook: Webhook, world: World) -> None:
    answers = [
        as_person(world.keys[name]).delete(f"{address}?confirm=true").status_code
        for name in ("bob", "charlie")
        for address in (HOOK, TOKEN)
    ]

    assert answers == [403, 403, 404, 404]
    assert (Webhook.objects.count(), Secret.objects.count()) == (1, 1)


def test_a_deleted_automation_holds_nothing_back(hook: Webhook, world: World) -> None:
    automation = world.automation(FAILED)
    Automation.objects.filter(pk=automation.pk).update(deleted_at="2026-01-01T00:00:00Z")

    removal.delete(WebhookKind, hook)

    assert Webhook.objects.count() == 0


def test_saving_an_automation_anew_ends_its_need_of_attention(
    api: APIClient, hook: Webhook, token: Secret, world: World
) -> None:
    automation = world.automation(FAILED)
    delete_secret(token, confirmed=True)
    world.secret("TOKEN", "again")

    assert api.patch(f"/api/v1/automations/{automation.pk}", {}, format="json").status_code == 200

    assert Automation.objects.get().problem == ""
