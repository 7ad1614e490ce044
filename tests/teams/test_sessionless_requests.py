"""Sessionless requests: what a script with a key is spared, and nobody else."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.access.place import with_key
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_script_with_a_key_starts_no_session_and_has_the_same_headers(world: World) -> None:
    answer = with_key(world, "alice").get("/api/v1/teams")
    signed_in = Client()
    signed_in.force_login(world.users["alice"])
    page = signed_in.get("/api/v1/teams")
    assert answer.status_code == page.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    wanted = ("Cache-Control", "X-Frame-Options", "X-Content-Type-Options", "Content-Security-Policy", "Content-Length")
    assert {name: name in answer for name in wanted} == {name: name in page for name in wanted}


def test_a_key_beside_a_session_goes_the_way_of_browsers(client: Client, world: World) -> None:
    """Whose session it is stays known: who a request is of is nobody's choice but that of what it shows."""
    client.force_login(world.users["bob"])
    answer = client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {world.keys['alice']}")
    assert answer.json()["username"] == "alice"
    assert client.get("/api/v1/me").json()["username"] == "bob"


@pytest.mark.parametrize("header", ["Bearer nobody's", "Basic eDp5", "Digest x"])
def test_a_header_that_is_no_key_lets_nobody_in(client: Client, world: World, header: str) -> None:
    answer = client.get("/api/v1/teams", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/", "/sign-in", "/admin/", "/settings/"])
def test_a_page_asked_for_with_a_key_is_answered_as_to_a_stranger(client: Client, world: World, path: str) -> None:
    plain, keyed = client.get(path), with_key(world, "alice").get(path)
    assert (plain.status_code, plain.get("Location")) == (keyed.status_code, keyed.get("Location"))


def test_a_script_asks_nothing_of_the_table_of_sessions(world: World) -> None:
    with CaptureQueriesContext(connection) as asked:
        with_key(world, "alice").get("/api/v1/teams")
    assert not [one["sql"] for one in asked if "session" in one["sql"]]
