"""Passkeys and security keys: what the browser answers holds for this site, this challenge and this person, once."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from teams.models import AuditEvent, User
from tests.conftest import forget_refusals
from tests.hostile_values import BRIEF
from tests.teams.second_factors import Key, app_of, code_sent, is_signed_in
from tests.world import World

OPTIONS = "/sign-in/second-step/options"


@pytest.fixture(autouse=True)
def any_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["runbell.test"]
    forget_refusals()


class Https(Client):
    def generic(self, *args: Any, **options: Any) -> Any:
        return super().generic(*args, **{**options, "secure": True})


def with_passkey(client: Client, key: Key, **more: str) -> Any:
    return client.post(
        "/sign-in/passkey", {"credential": key.assertion(options_of(client, "/sign-in/passkey")), **more}
    )


def browser(name: str = "") -> Client:
    """A browser at https://runbell.test, after the password of this person."""
    client = Https(HTTP_HOST="runbell.test")
    if name:
        client.post("/sign-in", {"username": name, "password": f"{name}-password"})
    return client


def options_of(client: Client, address: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(address).json()
    return found


def added(client: Client, key: Key, name: str = "laptop") -> Any:
    answer = key.made(options_of(client, "/profile/two-factor/keys/options?passkey=on"))
    return client.post("/profile/two-factor/keys", {"name": name, "credential": answer})


@pytest.fixture
def key(world: World) -> Key:
    """Bob's."""
    made = Key()
    assert added(browser("bob"), made).status_code == 200
    return made


def answered_with(client: Client, key: Key) -> Any:
    return client.post("/sign-in/second-step", {"credential": key.assertion(options_of(client, OPTIONS))})


def test_a_key_is_added_and_signs_in_after_the_password(world: World) -> None:
    key, client = Key(), browser("bob")
    answer = added(client, key)
    assert len(answer.context["codes"]) == 10
    second = browser("bob")
    assert not is_signed_in(second)
    assert answered_with(second, key).status_code == 302
    assert is_signed_in(second)
    told = list(AuditEvent.objects.filter(verb__contains="second").order_by("pk").values_list("verb", "after"))
    assert told == [
        ("second_factor.add", {"kind": "security key", "name": "laptop"}),
        ("sign_in.second_step", {"with": "security key"}),
    ]


def test_a_passkey_signs_in_without_a_password(key: Key) -> None:
    client = browser()
    assert with_passkey(client, key, next="/acme")["Location"] == "/acme"
    assert is_signed_in(client)


def test_a_key_that_asks_for_no_pin_does_not_sign_in_by_itself(key: Key) -> None:
    key.flags = 0b001
    client = browser()
    assert (
        client.post(
            "/sign-in/passkey", {"credential": key.assertion(options_of(client, "/sign-in/passkey"))}
        ).status_code
        == 422
    )
    assert not is_signed_in(client)
    # After the password it is enough.
    client = browser("bob")
    assert answered_with(client, key).status_code == 302


@pytest.mark.parametrize("column", ["is_active", "is_service"])
def test_a_passkey_of_who_may_not_sign_in_signs_nobody_in(key: Key, column: str) -> None:
    User.objects.filter(username="bob").update(**{column: column == "is_service"})
    client = browser()
    assert (
        client.post(
            "/sign-in/passkey", {"credential": key.assertion(options_of(client, "/sign-in/passkey"))}
        ).status_code
        == 422
    )
    assert not is_signed_in(client)
    assert AuditEvent.objects.order_by("-pk")[0].after == {"reason": "may not sign in"}


def test_an_answer_is_good_once(key: Key) -> None:
    client = browser("bob")
    answer = key.assertion(options_of(client, OPTIONS))
    assert client.post("/sign-in/second-step", {"credential": answer}).status_code == 302
    for other in (browser("bob"), browser()):
        assert other.post("/sign-in/second-step", {"credential": answer}).status_code in (200, 302, 422)
        assert not is_signed_in(other)


def test_a_refused_answer_uses_the_challenge_up(key: Key) -> None:
    client = browser("bob")
    options = options_of(client, OPTIONS)
    assert client.post("/sign-in/second-step", {"credential": "{}"}).status_code == 422
    assert client.post("/sign-in/second-step", {"credential": key.assertion(options)}).status_code == 422
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "https://evil.runbell.test", "https://runbell.test:8443", "http://runbell.test"]
)
def test_an_answer_for_another_site_is_refused(key: Key, origin: str) -> None:
    key.origin = origin
    client = browser("bob")
    assert answered_with(client, key).status_code == 422
    assert not is_signed_in(client)


def test_the_key_of_another_is_refused_and_told(key: Key, world: World) -> None:
    app_of(world.users["vera"])
    client = browser("vera")
    answer = answered_with(client, key)
    assert "This key is not one of yours" in answer.content.decode()
    assert not is_signed_in(client)
    assert AuditEvent.objects.order_by("-pk")[0].after == {"reason": "wrong security key"}


@pytest.mark.parametrize("raw", ["", "null", "[]", "1", '"x"', "{", "[" * 50_000, "x" * 70_000, '{"response": null}'])
def test_what_is_no_answer_of_a_browser_is_refused(key: Key, raw: str) -> None:
    """Also one whose parts are anything: each is put in the place of each part."""
    for client, address in ((browser("bob"), "/sign-in/second-step"), (browser(), "/sign-in/passkey")):
        client.get(OPTIONS)
        assert client.post(address, {"credential": raw or "0"}).status_code in (200, 422, 429)
        assert not is_signed_in(client)


def test_no_part_of_an_answer_is_a_server_error(key: Key) -> None:
    good = json.loads(key.assertion(options_of(browser(), "/sign-in/passkey")))
    client = browser()
    for name in [*good, *good["response"]]:
        for value in BRIEF:
            sent = {**good, name: value} if name in good else {**good, "response": {**good["response"], name: value}}
            try:
                text = json.dumps(sent)
            except (ValueError, TypeError):
                continue
            client.get("/sign-in/passkey")
            assert client.post("/sign-in/passkey", {"credential": text}).status_code == 422
    assert not is_signed_in(client)


def test_wrong_keys_are_limited_as_wrong_codes_are(key: Key) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        client = browser("bob")
        assert [answered_with(client, Key()).status_code for _ in range(5)] == [422] * 5
        assert answered_with(client, key).status_code == 429


def test_a_key_is_renamed_and_removed_by_its_person_alone(key: Key, world: World) -> None:
    row = Authenticator.objects.get(type="webauthn")
    client = browser("bob")
    answered_with(client, key)
    other = browser("vera")
    for address in (f"/profile/two-factor/keys/{row.pk}", f"/profile/two-factor/keys/{row.pk}/remove"):
        assert other.post(address, {"name": "taken"}).status_code == 404
    client.post(f"/profile/two-factor/keys/{row.pk}", {"name": "key ring"})
    assert "key ring" in client.get("/profile/two-factor").content.decode()
    client.post(f"/profile/two-factor/keys/{row.pk}/remove")
    assert not Authenticator.objects.exists()
    verbs = AuditEvent.objects.filter(verb__startswith="second_factor").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["second_factor.add", "second_factor.change", "second_factor.remove"]


def test_a_code_and_a_key_stand_for_each_other(key: Key, world: World) -> None:
    app = app_of(world.users["bob"])
    client = browser("bob")
    assert code_sent(client, app.code()).status_code == 302
    client = browser("bob")
    assert answered_with(client, key).status_code == 302


def test_browsers_have_no_keys_for_an_address_and_the_page_says_so(world: World, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    for host, scheme, is_possible in (
        ("127.0.0.1:8000", "http", False), ("localhost:8000", "http", True), ("[::1]:8000", "http", False),
        ("runbell.test", "http", False), ("runbell.test", "https", True),
    ):  # fmt: skip
        client = (Https if scheme == "https" else Client)(HTTP_HOST=host)
        client.force_login(world.users["bob"])
        assert ("Add a key" in client.get("/profile/two-factor").content.decode()) == is_possible, host
