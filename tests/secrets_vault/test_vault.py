"""Secrets are hidden wherever they rest, and open only where they are used."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient
from werkzeug import Response

from automations.models import Attempt, Execution
from automations.tasks import work
from projects.runs.lifecycle import finish_run
from secrets_vault.checks import vault_keys
from secrets_vault.encrypted_field import SecretUnavailable
from secrets_vault.models import Secret
from secrets_vault.services import change_secret, create_secret, reveal
from tests.http_receiver import HttpReceiver
from tests.world import FAILED, World

PLAIN = 's3cr3t/"key"+ä~%&'
SECRETS = "/api/v1/teams/acme/secrets"


def stored() -> bytes:
    """Give what the database holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM secrets_vault_secret")
        (value,) = cursor.fetchone()
    return bytes(value)


def test_the_database_holds_no_plain_text(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    assert stored().startswith(b"gAAAA")
    assert PLAIN.encode() not in base64.urlsafe_b64decode(stored())
    assert reveal(world.team.pk, ["TOKEN"]) == {"TOKEN": PLAIN}


def test_the_same_value_twice_is_stored_differently(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    first = stored()
    change_secret(Secret.objects.get(), PLAIN)
    assert stored() != first


def test_a_list_of_secrets_does_not_read_their_values(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    assert "value" in Secret.objects.get().get_deferred_fields()


def test_only_secrets_of_the_team_are_revealed(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    create_secret(world.other_team, "OTHER", "of the others")
    assert reveal(world.team.pk, ["TOKEN", "OTHER", ""]) == {"TOKEN": PLAIN}


def test_a_changed_value_opens_in_place_of_the_old_one(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    change_secret(Secret.objects.get(), "new", by=world.users["alice"])
    assert reveal(world.team.pk, ["TOKEN"]) == {"TOKEN": "new"}


# The three traps of the field ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda secret: Secret.objects.bulk_update([secret], ["value"]), id="bulk_update"),
        pytest.param(lambda secret: Secret.objects.update(value=F("name")), id="F"),
        pytest.param(lambda secret: Secret.objects.update(value=Value("new")), id="Value"),
    ],
)
def test_an_expression_is_refused_and_the_secret_stays(world: World, write: Callable[[Secret], None]) -> None:
    world.secret("TOKEN", PLAIN)
    secret = Secret.objects.defer(None).get()
    secret.value = "new"
    with pytest.raises(FieldError, match="save secrets one by one"), transaction.atomic():
        write(secret)
    assert reveal(world.team.pk, ["TOKEN"]) == {"TOKEN": PLAIN}


def test_a_dump_holds_neither_the_value_nor_its_cipher(world: World) -> None:
    world.secret("TOKEN", PLAIN)
    written = io.StringIO()
    call_command("dumpdata", "secrets_vault", stdout=written)
    assert [sorted(row["fields"]) for row in json.loads(written.getvalue())] == [
        ["created_at", "last_used_at", "name", "team", "updated_at", "updated_by"]
    ]


@pytest.fixture
def another_key(settings: Any) -> Iterator[Callable[[], None]]:
    """Put another key in place of the one that the secrets were written with."""
    field = Secret._meta.get_field("value")
    cached = ("keys", "fernet_keys", "fernet")

    def changed() -> None:
        settings.FERNET_KEYS = ["another key of more than 32 characters"]
        for name in cached:
            vars(field).pop(name, None)

    yield changed
    for name in cached:
        vars(field).pop(name, None)


def test_a_key_that_does_not_fit_is_told_by_the_name_of_the_setting(
    world: World, another_key: Callable[[], None]
) -> None:
    world.secret("TOKEN", PLAIN)
    another_key()
    with pytest.raises(SecretUnavailable, match="no key in RUNBELL_FERNET_KEYS opens this value"):
        reveal(world.team.pk, ["TOKEN"])


def test_lists_work_and_a_new_value_heals_when_the_key_does_not_fit(
    world: World, api: APIClient, another_key: Callable[[], None]
) -> None:
    world.secret("TOKEN", PLAIN)
    another_key()
    assert [secret["name"] for secret in api.get(SECRETS).json()["results"]] == ["TOKEN"]
    assert api.put(f"{SECRETS}/TOKEN", {"value": "new"}, format="json").status_code == 200
    assert reveal(world.team.pk, ["TOKEN"]) == {"TOKEN": "new"}


def test_a_delivery_waits_while_the_key_does_not_fit_and_says_so(
    world: World, receiver: HTTPServer, another_key: Callable[[], None]
) -> None:
    world.secret("TOKEN", PLAIN)
    world.webhook(receiver.url_for("/hook"), access_token="TOKEN")
    world.automation(FAILED)
    finish_run(world.run(), 1)
    another_key()
    work()
    execution = Execution.objects.get()
    assert execution.state == "pending"
    assert "no key in RUNBELL_FERNET_KEYS opens this value" in execution.reason
    assert receiver.log == []


# The check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "ids"),
    [
        pytest.param([], ["secrets_vault.E001"], id="none"),
        pytest.param([""], ["secrets_vault.E001"], id="empty"),
        pytest.param("x" * 40, ["secrets_vault.E001"], id="no list"),
        pytest.param(["the signing key", "x" * 40], ["secrets_vault.E002"], id="the SECRET_KEY"),
        pytest.param(["x" * 31], ["secrets_vault.W001"], id="short"),
        pytest.param(["x" * 32], [], id="good"),
    ],
)
def test_the_keys_are_checked_before_anything_starts(settings: Any, keys: Any, ids: list[str]) -> None:
    settings.SECRET_KEY, settings.FERNET_KEYS = "the signing key", keys
    assert [message.id for message in vault_keys()] == ids


# What is stored and shown of deliveries ------------------------------------------------------------

ENCODED = {
    "plain": PLAIN,
    "json": json.dumps(PLAIN),
    "json in UTF-8": json.dumps(PLAIN, ensure_ascii=False),
    "url": quote(PLAIN, safe=""),
    "form": quote_plus(PLAIN),
    "hex": PLAIN.encode().hex(),
    "HEX": PLAIN.encode().hex().upper(),
    "base64": base64.b64encode(PLAIN.encode()).decode(),
    "base64 for urls": base64.urlsafe_b64encode(PLAIN.encode()).decode(),
    "base64 without padding": base64.b64encode(PLAIN.encode()).decode().rstrip("="),
    "base64 for urls without padding": base64.urlsafe_b64encode(PLAIN.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("form", ENCODED)
def test_a_receiver_that_says_the_secret_back_is_stored_masked(world: World, form: str) -> None:
    said = ENCODED[form]
    with HttpReceiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_response(
            Response(f"you sent {said} to me", headers={"X-Echo": ENCODED["base64"]})
        )
        world.secret("TOKEN", PLAIN)
        world.webhook(server.url_for("/hook"), access_token="TOKEN")
        world.automation(FAILED)
        finish_run(world.run(), 1)
        work()
    reply = Attempt.objects.get().reply
    assert reply["body"].strip('"').replace('"', "") == "you sent ******** to me"
    assert reply["headers"]["X-Echo"] == "********"


def test_what_was_sent_is_stored_with_the_secrets_masked_where_they_stood(
    world: World, receiver: HTTPServer, api: APIClient
) -> None:
    world.secret("TOKEN", PLAIN)
    world.secret("SIGNING", "another-s3cr3t")
    world.webhook(receiver.url_for("/hook"), access_token="TOKEN", secret="SIGNING")
    world.automation(FAILED, action={"payload": '{"a": "${ACCESS_TOKEN}", "b": "x-${SIGNING}", "c": "${run_name}"}'})
    finish_run(world.run(display_name="another-s3cr3t is no secret as a name"), 1)
    work()
    ((request, _answer),) = receiver.log
    assert json.loads(request.data)["a"] == PLAIN
    assert request.headers["Authorization"].startswith("Bearer s3cr3t")
    kept = Attempt.objects.get().request
    assert json.loads(kept["body"]) == {
        "a": "********",
        "b": "x-********",
        "c": "another-s3cr3t is no secret as a name",
    }
    assert kept["headers"]["Authorization"] == "Bearer ********"
    shown = api.get(f"/api/v1/executions/{Execution.objects.get().pk}").content.decode()
    assert "s3cr3t/" not in shown


def test_no_answer_of_the_vault_holds_a_value(world: World, api: APIClient) -> None:
    made = api.post(SECRETS, {"name": "TOKEN", "value": "hush-hush"}, format="json")
    changed = api.put(f"{SECRETS}/TOKEN", {"value": "hush-again"}, format="json")
    listed = api.get(SECRETS)
    assert [answer.status_code for answer in (made, changed, listed)] == [201, 200, 200]
    for answer in (made, changed, listed):
        assert "hush" not in answer.content.decode()
    assert set(listed.json()["results"][0]) == {"name", "created_at", "updated_at", "updated_by", "last_used_at"}


def test_what_stands_in_place_of_a_secret_is_not_taken_for_one(world: World, api: APIClient) -> None:
    refused = api.post(SECRETS, {"name": "TOKEN", "value": "********"}, format="json")
    assert refused.status_code == 400
    assert "Enter the secret itself" in refused.content.decode()
    assert api.get(SECRETS).json()["results"] == []
