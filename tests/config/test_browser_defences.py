"""What every answer tells browsers, and what scripts are told that come over plain http."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from teams.models import AuditEvent, User
from tests.world import World

ANSWERS = ["/sign-in", "/healthz", "/api/v1/me", "/graphql", "/nobody/nothing", "/files/fetch/x", "/static/favicon.svg"]
DOORS = ["/api/v1/me", "/graphql", "/files/fetch/x", "/artifactsV2/here/acme/mnist/model/1/x/y"]


@pytest.fixture(autouse=True)
def static_files(static_files_on_demand: None) -> None:
    """One of the answers is a file."""


@pytest.mark.django_db
@pytest.mark.parametrize("address", ANSWERS)
def test_each_answer_tells_browsers_what_they_may_do_with_it(address: str) -> None:
    answer = Client().get(address)

    policy = answer["Content-Security-Policy"]
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; ")) or (
        policy == "default-src 'none'; sandbox"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_a_script_that_comes_over_plain_http_is_refused_and_not_redirected(door: str, settings: Any) -> None:
    _public(settings)

    refused = Client().post(door, "{}", content_type="application/json", headers={"Authorization": "Bearer k"})

    assert (refused.status_code, refused.get("Location")) == (403, None)
    assert AuditEvent.objects.filter(verb="access.denied").count() == 1
    assert "plain http" in refused.json()["detail"]
    assert "https://bell.test" in refused.json()["detail"]


@pytest.mark.django_db
def test_a_script_that_comes_by_https_is_let_in(settings: Any) -> None:
    _public(settings)

    answer = Client().get("/api/v1/me", REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-Proto": "https"})

    assert answer.status_code == 401


@pytest.mark.django_db
def test_a_person_who_comes_over_plain_http_is_led_to_https(settings: Any) -> None:
    _public(settings)

    assert Client().get("/sign-in").status_code == 301


def test_every_cookie_over_https_is_this_hosts_alone_and_read_by_no_script(world: World, settings: Any) -> None:
    _public(settings)
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.CSRF_TRUSTED_ORIGINS = ["https://bell.test"]
    client = Client(headers={"X-Forwarded-Proto": "https"}, REMOTE_ADDR="10.0.0.2")
    client.get("/sign-in")
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    # Saving leaves a message for the next page.
    client.post("/profile", {"first_name": "Bob", "email": "bob@acme.test", "default_team": "", "time_zone": ""})

    assert set(client.cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-messages"}
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("password", ["runbell2026!", "Wandb-123456", "bell.test/1", "acme-acme-acme", "12Acme34"])
def test_a_password_of_words_that_everybody_here_knows_is_refused(world: World, settings: Any, password: str) -> None:
    settings.RUNBELL_URL = "https://bell.test"

    with pytest.raises(ValidationError, match="8 characters of its own"):
        validate_password(password, User.objects.get(username="bob"))


@pytest.mark.parametrize("password", ["runbell is where my runs ring", "tafibo-rezuka-limono"])
def test_a_password_with_enough_of_its_own_is_taken(world: World, password: str) -> None:
    validate_password(password, User.objects.get(username="bob"))


def test_somebody_who_has_no_account_yet_is_told_the_same() -> None:
    with pytest.raises(ValidationError, match="8 characters of its own"):
        validate_password("my-runbell", User(username="new"))


def _public(settings: Any) -> None:
    """As behind a proxy with https."""
    settings.RUNBELL_URL = "https://bell.test"
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, (ip_network("10.0.0.2/32"),)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
