"""What a webhook may be over REST, and how it is then called: method, headers, secrets, URL, time, tries."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient
from werkzeug import Request, Response

from integrations.webhook.models import Webhook
from tests.conftest import as_person
from tests.world import World

WEBHOOKS = "/api/v1/teams/acme/integrations/webhook"
TEST = f"{WEBHOOKS}/hook/test"
URL = "http://127.0.0.1:8009/hook"


@pytest.fixture(autouse=True)
def secrets(world: World) -> None:
    for name, value in (("TOKEN", "t0ken/with:odd&signs"), ("KEY", "k3y-of-a-service"), ("SIGNING", "s1gning-key")):
        world.secret(name, value)


def make(api: APIClient, url: str = URL, **values: Any) -> Any:
    # Escaped by hand: the client's own JSON cannot hold half a character.
    return api.post(WEBHOOKS, json.dumps({"name": "hook", "url": url, **values}), content_type="application/json")


def called(receiver: HTTPServer) -> Request:
    ((request, _answer),) = receiver.log
    return request


# What is sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_it_is_called_with_its_method(api: APIClient, receiver: HTTPServer, method: str) -> None:
    make(api, receiver.url_for("/hook"), method=method)
    api.post(TEST, {"payload": '{"a": 1}'}, format="json")
    assert (called(receiver).method, called(receiver).data) == (method, b'{"a": 1}')


def test_headers_carry_the_granted_secrets_and_the_answer_shows_them_masked(
    api: APIClient, receiver: HTTPServer
) -> None:
    headers = {"X-Api-Key": "${KEY}", "X-Plain": "a $ and $${b}", "X-Two": "${KEY}:${ACCESS_TOKEN}"}
    made = make(api, receiver.url_for("/hook"), headers=headers, granted_secrets=["KEY"], access_token="TOKEN")
    assert made.json()["headers"] == headers

    shown = api.post(TEST, {}, format="json")

    sent = called(receiver).headers
    assert (sent["X-Api-Key"], sent["X-Plain"]) == ("k3y-of-a-service", "a $ and ${b}")
    assert sent["X-Two"] == "k3y-of-a-service:t0ken/with:odd&signs"
    assert (
        shown.json()["request"]["headers"] | {"X-Api-Key": "********", "X-Two": "********:********"}
        == (shown.json()["request"]["headers"])
    )
    assert not [value for value in ("k3y-of", "t0ken") if value in shown.content.decode()]


def test_the_path_and_query_take_granted_secrets_encoded_and_are_shown_masked(
    api: APIClient, receiver: HTTPServer
) -> None:
    receiver.expect_request("/bot1").respond_with_data("")
    url = receiver.url_for("/bot") + "${KEY}/send?to=${TOKEN}#${KEY}"
    make(api, url, granted_secrets=["KEY"], access_token="TOKEN")

    shown = api.post(TEST, {}, format="json").json()

    assert called(receiver).path == "/botk3y-of-a-service/send"
    assert called(receiver).query_string == b"to=t0ken%2Fwith:odd%26signs"
    assert shown["request"]["url"] == receiver.url_for("/bot") + "********/send?to=********#********"


def test_several_granted_secrets_may_be_named_in_a_payload(api: APIClient, receiver: HTTPServer) -> None:
    make(api, receiver.url_for("/hook"), granted_secrets=["KEY", "TOKEN"], secret="SIGNING")
    payload = '{"a": "${KEY}", "b": "${TOKEN}", "c": "${SIGNING}"}'

    shown = api.post(TEST, {"payload": payload}, format="json").json()

    assert called(receiver).json == {"a": "k3y-of-a-service", "b": "t0ken/with:odd&signs", "c": "s1gning-key"}
    assert json.loads(shown["request"]["body"]) == {"a": "********", "b": "********", "c": "********"}


def test_a_secret_that_is_not_granted_is_refused_in_a_payload(api: APIClient, receiver: HTTPServer) -> None:
    make(api, receiver.url_for("/hook"), granted_secrets=["KEY"])
    answer = api.post(TEST, {"payload": '{"b": "${TOKEN}"}'}, format="json")
    assert answer.status_code == 400
    assert "grant it to the webhook, or take it out" in answer.json()["detail"]
    assert receiver.log == []


def test_a_secret_with_a_line_break_is_not_sent_in_a_header(api: APIClient, receiver: HTTPServer, world: World) -> None:
    world.secret("PEM", "two\r\nX-Evil: 1")
    make(api, receiver.url_for("/hook"), headers={"X-Key": "${PEM}"}, granted_secrets=["PEM"])
    shown = api.post(TEST, {}, format="json").json()
    assert (shown["ok"], shown["detail"]) == (False, "The header 'X-Key' has a character that cannot be sent.")
    assert receiver.log == []


def test_its_own_timeout_counts_and_not_the_installations(api: APIClient, receiver: HTTPServer, settings: Any) -> None:
    settings.DELIVERY_DEADLINE_SECONDS = 30
    receiver.expect_request("/slow").respond_with_handler(lambda _: time.sleep(2) or Response("late"))  # type: ignore[func-returns-value]
    make(api, receiver.url_for("/slow"), timeout_seconds=1)
    shown = api.post(TEST, {}, format="json").json()
    assert shown["detail"] == "The receiver did not answer within 1 s"
    assert 1 <= shown["seconds"] < 1.9


def test_what_is_left_out_is_as_it_was(api: APIClient) -> None:
    made = make(api).json()
    assert {name: made[name] for name in ("method", "headers", "granted_secrets", "timeout_seconds")} == {
        "method": "POST", "headers": {}, "granted_secrets": [], "timeout_seconds": None,
    }  # fmt: skip
    api.patch(f"{WEBHOOKS}/hook", {"method": "PUT", "retry_seconds": [0, 1]}, format="json")
    changed = api.patch(f"{WEBHOOKS}/hook", {"timeout_seconds": 5}, format="json").json()
    assert (changed["method"], changed["retry_seconds"], changed["timeout_seconds"]) == ("PUT", [0, 1], 5)


# What is refused -----------------------------------------------------------------------------------

OURS = "is Runbell's own. Remove it."
FRAMING = "must not be set. Remove it."


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        *[({"headers": {name: "1"}}, "headers", OURS) for name in (
            "Content-Type", "content-type", "User-Agent", "Accept-Encoding", "X-Wandb-Signature", "Webhook-Id",
            "webhook-timestamp", "WEBHOOK-SIGNATURE",
        )],
        *[({"headers": {name: "1"}}, "headers", FRAMING) for name in (
            "Host", "HOST", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer",
            "Upgrade", "Expect", "Proxy-Authorization", "Proxy-Connection", "HTTP2-Settings", "", "a b", "a:b",
            "a\r\nb", "ä", "X\x00",
        )],
        *[({"headers": {"X-A": value}}, "headers", "has a character that cannot be sent") for value in (
            "a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7fb", "\u2028", "Ā", "\ud800",
        )],
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers", "stands here twice"),
        ({"headers": {f"X-{n}": "1" for n in range(21)}}, "headers", "21 headers are too many; 20 is the most."),
        ({"headers": {"X" * 101: "1"}}, "headers", "is too long"),
        ({"headers": {"X-A": "1" * 2001}}, "headers", "is too long"),
        ({"headers": {"X-A": 1}}, "headers", "Give an object of texts"),
        ({"headers": ["X-A: 1"]}, "headers", "Give an object of texts"),
        ({"headers": "X-A: 1"}, "headers", "Give an object of texts"),
        ({"headers": None}, "headers", "null"),
        ({"headers": {"Authorization": "Basic abc"}}, "headers", "must take its credential from a secret"),
        ({"headers": {"Authorization": "Key ${KEY}"}, "granted_secrets": ["KEY"], "access_token": "TOKEN"}, "headers",
         "carries the access token already"),
        ({"headers": {"X-A": "${KEY}"}}, "headers", "${KEY} is no secret granted to this webhook. Granted: none."),
        ({"headers": {"X-A": "${run_name}"}, "secret": "SIGNING"}, "headers", "Granted: SIGNING."),
        ({"headers": {"X-A": "${KEY"}}, "headers", "must be followed by the name of a secret"),
        ({"headers": {"X-A": "${a b}"}}, "headers", "must be followed by the name of a secret"),
        ({"url": f"{URL}/${{KEY}}"}, "url", "${KEY} is no secret granted"),
        ({"url": "http://${KEY}/", "granted_secrets": ["KEY"]}, "url", "not a valid name or address"),
        ({"url": "http://h${KEY}.test/", "granted_secrets": ["KEY"]}, "url", "not a valid name or address"),
        ({"url": "http:${KEY}", "granted_secrets": ["KEY"]}, "url", "Only web addresses"),
        ({"url": "${KEY}", "granted_secrets": ["KEY"]}, "url", "Only web addresses"),
        ({"granted_secrets": ["NO"]}, "granted_secrets", "Its secrets: KEY, SIGNING, TOKEN."),
        ({"granted_secrets": "KEY"}, "granted_secrets", "Give a list of names"),
        ({"granted_secrets": [1]}, "granted_secrets", "Give a list of names"),
        ({"granted_secrets": ["KEY"] * 21}, "granted_secrets", "21 secrets are too many"),
        ({"method": "GET"}, "method", "Choose one of: POST, PUT, PATCH."),
        ({"method": "DELETE"}, "method", "Choose one of: POST, PUT, PATCH."),
        ({"timeout_seconds": 0}, "timeout_seconds", "greater than or equal to 1"),
        ({"timeout_seconds": 31}, "timeout_seconds", "less than or equal to 30"),
        ({"timeout_seconds": "soon"}, "timeout_seconds", "A valid integer is required"),
        ({"retry_seconds": [5]}, "retry_seconds", "Begin with 0."),
        ({"retry_seconds": [0, -1]}, "retry_seconds", "-1 is not between 0 and 86400 seconds."),
        ({"retry_seconds": [0, 86401]}, "retry_seconds", "86401 is not between"),
        ({"retry_seconds": [0, True]}, "retry_seconds", "is no list of seconds"),
        ({"retry_seconds": [0, 1.5]}, "retry_seconds", "is no list of seconds"),
        ({"retry_seconds": "0,5"}, "retry_seconds", "is no list of seconds"),
        ({"retry_seconds": [0] * 21}, "retry_seconds", "21 tries are too many"),
        ({"preset": "myspace"}, "preset", "Choose one of: generic,"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_field(api: APIClient, values: Any, field: str, said: str) -> None:
    answer = make(api, **values)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]
    assert Webhook.objects.count() == 0


def test_a_refused_header_is_not_said_back(api: APIClient) -> None:
    answer = make(api, headers={"X-A": "hunter2\n"})
    assert answer.status_code == 400
    assert "hunter2" not in answer.content.decode()


def test_authorization_of_its_own_may_take_a_granted_secret(api: APIClient, receiver: HTTPServer) -> None:
    make(api, receiver.url_for("/hook"), headers={"Authorization": "GenieKey ${KEY}"}, granted_secrets=["KEY"])
    shown = api.post(TEST, {}, format="json").json()
    assert called(receiver).headers["Authorization"] == "GenieKey k3y-of-a-service"
    assert shown["request"]["headers"]["Authorization"] == "GenieKey ********"


def test_a_secret_that_is_only_granted_is_told_as_in_use(api: APIClient) -> None:
    make(api, granted_secrets=["KEY"])
    answer = api.delete("/api/v1/teams/acme/secrets/KEY")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("secret: Integrations use the secret KEY: hook.")


# Rotation ------------------------------------------------------------------------------------------


def test_an_admin_rotates_the_signing_secret_and_its_value_is_not_answered(api: APIClient, world: World) -> None:
    make(api, secret="SIGNING")
    answer = api.post(f"{WEBHOOKS}/hook/rotate", {"value": "the-new-value"}, format="json")
    assert answer.status_code == 200
    assert (answer.json()["name"], "the-new-value" in answer.content.decode()) == ("SIGNING", False)
    assert as_person(world.keys["bob"]).post(f"{WEBHOOKS}/hook/rotate", {"value": "x"}).status_code == 403


def test_a_webhook_without_a_signing_secret_has_nothing_to_rotate(api: APIClient) -> None:
    make(api)
    answer = api.post(f"{WEBHOOKS}/hook/rotate", {"value": "x"}, format="json")
    assert "has no signing secret to rotate" in answer.json()["detail"]
