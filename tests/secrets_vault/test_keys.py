"""Keys of the vault that change, are missing, or do not fit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.models import Attempt, Execution
from automations.tasks import work
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.services import connect_workspace, create_channel
from integrations.slack.web.web_api import Installed
from projects.runs.lifecycle import finish_run
from secrets_vault import rotation
from secrets_vault.models import Secret
from secrets_vault.services import change_secret, previous, reveal, rotate_secret
from teams.models import AuditEvent
from tests.world import FAILED, World

OLD, NEW = "the old key of more than 32 characters", "the new key of more than 32 characters"
Use = Callable[..., None]


@pytest.fixture
def use(settings: Any) -> Iterator[Use]:
    """Go on with these keys, as after a restart: each field keeps those it began with."""

    def restart(*keys: str) -> None:
        settings.FERNET_KEYS = list(keys)
        for field in rotation.secret_fields():
            for name in ("keys", "fernet_keys", "fernet"):
                vars(field).pop(name, None)

    before = settings.FERNET_KEYS
    yield restart
    restart(*before)


@pytest.fixture
def kept(world: World, use: Use) -> World:
    """One of everything that is encrypted, under the old key."""
    use(OLD)
    world.secret("TOKEN", "hush-1")
    rotate_secret(Secret.objects.get(), "hush-2")
    connect_workspace(world.team, Installed("T1", "acme", "xoxb-hush"))
    create_channel(world.team, {"name": "alerts", "webhook_url": "http://127.0.0.1:8009/hush"})
    return world


def rotated(*options: str) -> str:
    out = io.StringIO()
    call_command("rotate_vault_keys", *options, stdout=out)
    return out.getvalue()


def opened() -> dict[str, str]:
    """Everything that is encrypted, in plain text."""
    secret = Secret.objects.defer(None).get()
    return {
        **reveal(secret.team_id, ["TOKEN"]),
        "bot": str(SlackWorkspace.objects.defer(None).get().token),
        "webhook": str(SlackChannel.objects.defer(None).get().webhook_url),
    }


PLAIN = {
    "TOKEN": "hush-2", previous("TOKEN"): "hush-1", "bot": "xoxb-hush", "webhook": "http://127.0.0.1:8009/hush",
}  # fmt: skip


def test_every_encrypted_column_of_every_model_is_found() -> None:
    """A column that a plug-in adds is found by its class. This list is only here to be read."""
    assert {str(field) for field in rotation.secret_fields()} >= {
        "secrets_vault.Secret.value",
        "secrets_vault.Secret.previous_value",
        "integrations.SlackWorkspace.token",
        "integrations.Integration.private",
    }


def test_after_the_rotation_the_new_key_alone_opens_everything(kept: World, use: Use) -> None:
    use(NEW, OLD)
    said = rotated()
    assert "secrets_vault.Secret.value: 1 rotated, 0 already new, 0 unreadable" in said
    use(NEW)
    assert opened() == PLAIN
    assert AuditEvent.objects.latest("id").verb == "vault.rotate"


def test_a_second_time_changes_nothing_and_says_so(kept: World, use: Use) -> None:
    use(NEW, OLD)
    rotated()
    before = raw()
    assert "secrets_vault.Secret.value: 0 rotated, 1 already new, 0 unreadable" in rotated()
    assert raw() == before


def test_looking_changes_nothing(kept: World, use: Use) -> None:
    use(NEW, OLD)
    before = raw()
    assert "secrets_vault.Secret.value: 1 to rotate, 0 already new, 0 unreadable" in rotated("--check")
    assert raw() == before


def test_what_no_key_opens_stays_and_is_told_with_the_setting(kept: World, use: Use) -> None:
    before = raw()
    use(NEW)
    with pytest.raises(CommandError, match="No key in RUNBELL_FERNET_KEYS opens 4 of the values"):
        rotated()
    assert raw() == before
    use(OLD)
    assert opened() == PLAIN


def test_a_rotation_that_was_interrupted_goes_on(kept: World, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        kept.secret(f"MORE_{number}", f"hush-{number}")
    use(NEW, OLD)
    replaced, made = rotation._replaced, []

    def stop_after_three(*row: Any) -> bool:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(row)
        return replaced(*row)

    monkeypatch.setattr(rotation, "_BATCH", 1)
    monkeypatch.setattr(rotation, "_replaced", stop_after_three)
    with pytest.raises(KeyboardInterrupt):
        rotated()
    monkeypatch.setattr(rotation, "_replaced", replaced)
    assert "secrets_vault.Secret.value: 3 rotated, 3 already new, 0 unreadable" in rotated()


def test_a_value_that_somebody_changes_meanwhile_stays_as_they_left_it(
    kept: World, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(NEW, OLD)
    judged = rotation._judged

    def change_in_between(*args: Any) -> bytes | None:
        new = judged(*args)
        monkeypatch.setattr(rotation, "_judged", judged)
        change_secret(Secret.objects.get(), "typed just now")
        return new

    monkeypatch.setattr(rotation, "_judged", change_in_between)
    assert "secrets_vault.Secret.value: 0 rotated, 1 already new, 0 unreadable" in rotated()
    use(NEW)
    assert reveal(kept.team.pk, ["TOKEN"]) == {"TOKEN": "typed just now"}


def raw() -> list[Any]:
    with connection.cursor() as cursor:
        found = []
        for field in rotation.secret_fields():
            cursor.execute(f'SELECT "{field.column}" FROM "{field.model._meta.db_table}" ORDER BY id')
            found += [bytes(value) for (value,) in cursor.fetchall() if value is not None]
    return found


# A key that is missing -----------------------------------------------------------------------------


def test_a_start_says_which_setting_does_not_fit(kept: World, use: Use) -> None:
    assert rotation.problems() == []
    use(NEW)
    assert len(rotation.problems()) == 4
    assert (
        "No key in RUNBELL_FERNET_KEYS opens 1 of the values in secrets_vault.Secret.value." in rotation.problems()[0]
    )


PAGES = [
    "/acme", "/acme/integrations", "/acme/mnist/runs", "/acme/mnist/automations", "/automations", "/settings/",
    "/settings/secrets_vault/secret/", "/settings/secrets_vault/secret/{secret}/change/",
    "/settings/integrations/webhook/", "/settings/integrations/slackchannel/",
    "/settings/integrations/slackworkspace/", "/admin/secrets_vault/secret/",
    "/admin/secrets_vault/secret/{secret}/change/",
    "/api/v1/teams/acme/secrets", "/api/v1/teams/acme/integrations/slack", "/api/v1/teams/acme/slack-workspaces",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_pages_work_without_the_key(kept: World, use: Use, page: str) -> None:
    alice = kept.users["alice"]
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice)
    use(NEW)
    assert client.get(page.format(secret=Secret.objects.get().pk)).status_code == 200


def test_what_needs_the_value_is_refused_in_words(kept: World, use: Use, api: APIClient) -> None:
    kept.webhook("http://127.0.0.1:8009/", access_token="TOKEN")
    use(NEW)
    answer = api.post("/api/v1/teams/acme/integrations/webhook/hook/test", {}, format="json")
    assert answer.status_code == 400
    assert "no key in RUNBELL_FERNET_KEYS opens this value" in answer.json()["detail"]
    channels = api.get("/api/v1/teams/acme/slack-workspaces/T1/channels")
    assert (channels.status_code, "RUNBELL_FERNET_KEYS" in channels.json()["detail"]) == (400, True)


def test_a_delivery_waits_however_long_and_goes_when_the_key_is_back(
    kept: World, use: Use, receiver: HTTPServer
) -> None:
    kept.webhook(receiver.url_for("/hook"), access_token="TOKEN")
    kept.automation(FAILED)
    finish_run(kept.run(), 1)
    use(NEW)
    for _ in range(12):
        Execution.objects.update(next_attempt_at="2020-01-01T00:00Z")
        work()
    execution = Execution.objects.get()
    assert (execution.state, execution.attempts_made, Attempt.objects.count()) == ("pending", 0, 0)
    assert "no key in RUNBELL_FERNET_KEYS opens this value" in execution.reason
    assert receiver.log == []
    use(NEW, OLD)
    Execution.objects.update(next_attempt_at="2020-01-01T00:00Z")
    work()
    assert Execution.objects.get().state == "delivered"
    assert receiver.log[0][0].headers["Authorization"] == "Bearer hush-2"
