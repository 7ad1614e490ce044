"""Sessions and the first sign-in: a copy of the database signs nobody in, a password that others know goes first."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from operations import first_start
from teams.models import User, UserSession
from teams.sessions.hashed_sessions import SessionStore, hashed
from tests.world import World


def signed_in(world: World) -> Client:
    client = Client()
    client.force_login(world.users["bob"])
    return client


def cookie(client: Client) -> str:
    return str(client.cookies[configured.SESSION_COOKIE_NAME].value)


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies[configured.SESSION_COOKIE_NAME] = value
    return client


def test_what_the_table_holds_signs_nobody_in(world: World) -> None:
    shown = cookie(signed_in(world))
    (stored,) = UserSession.objects.values_list("session_key", flat=True)
    assert (stored, shown in stored) == (hashed(shown), False)
    assert with_cookie(shown).get("/profile").status_code == 200
    assert with_cookie(stored).get("/profile")["Location"].startswith("/sign-in")


def test_a_session_is_read_changed_and_ended_by_its_key(world: World) -> None:
    client = signed_in(world)
    session = client.session
    session["a"] = 1
    session.save()
    assert client.session["a"] == 1
    assert SessionStore().exists(cookie(client))
    before = cookie(client)
    client.post("/sign-out")
    assert (SessionStore().exists(before), UserSession.objects.count()) == (False, 0)
    assert with_cookie(before).get("/profile")["Location"].startswith("/sign-in")


def test_a_new_key_at_sign_in_leaves_no_row_behind(world: World) -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    session.cycle_key()
    assert [row.session_key for row in UserSession.objects.all()] == [hashed(str(session.session_key))]


def test_a_hash_is_as_long_as_the_column_and_takes_any_cookie() -> None:
    column = UserSession._meta.get_field("session_key")
    for value in ("", "x" * 5000, "\ud800", "\0"):
        assert len(hashed(value)) == column.max_length


@pytest.mark.django_db(transaction=True)
def test_sessions_work_the_same_where_they_are_awaited() -> None:
    async def live() -> tuple[Any, bool, bool]:
        session = SessionStore()
        await session.aset("a", 1)
        await session.asave()
        again = SessionStore(session.session_key)
        found = await again.aget("a")
        there = await again.aexists(str(session.session_key))
        await again.adelete()
        return found, there, await again.aexists(str(session.session_key))

    assert asyncio.run(live()) == (1, True, False)


def test_keys_from_before_they_were_hashed_are_hashed(db: None) -> None:
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=timezone.now())
    importlib.import_module("teams.migrations.0010_session_keys_hashed").hash_keys(apps, None)
    assert Session.objects.get().session_key == hashed("a" * 32)


@pytest.fixture
def made(db: None, tmp_path: Path, settings: Any) -> first_start.FirstSignIn:
    settings.DATA_DIR = tmp_path
    found = first_start.prepare(tmp_path)
    assert found is not None
    return found


def sign_in(made: first_start.FirstSignIn, password: str = "") -> Client:
    client = Client()
    client.post("/sign-in", {"username": made.user, "password": password or made.password})
    return client


def test_the_file_goes_with_the_first_sign_in(made: first_start.FirstSignIn, tmp_path: Path) -> None:
    sign_in(made, "wrong")
    assert (tmp_path / "sign-in.txt").exists()
    sign_in(made)
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_sign_in_leaves_the_file(made: first_start.FirstSignIn, tmp_path: Path) -> None:
    User.objects.create_user("zoe", password="zoe-password")
    client = Client()
    assert client.post("/sign-in", {"username": "zoe", "password": "zoe-password"}).status_code == 302
    assert (tmp_path / "sign-in.txt").exists()


def test_every_page_leads_to_a_new_password_first(made: first_start.FirstSignIn) -> None:
    for client in (sign_in(made), sign_in(made)):
        for path in ("/", "/demo", "/settings/", "/admin/", "/authorize", "/demo/playground"):
            assert client.get(path)["Location"] == "/profile/password", path
        assert client.get("/demo", headers={"HX-Request": "true"})["HX-Redirect"] == "/profile/password"
    page = client.get("/profile/password").content.decode()
    assert ("Choose one that only you know" in page, "Cancel" in page) == (True, False)
    new = {"old_password": made.password, "new_password1": "seven-tall-trees", "new_password2": "seven-tall-trees"}
    assert client.post("/profile/password", new).status_code == 302
    assert client.get("/demo").status_code == 200
    assert sign_in(made, "seven-tall-trees").get("/demo").status_code == 200


def test_scripts_go_on_with_the_first_key(made: first_start.FirstSignIn) -> None:
    sign_in(made)
    headers = {"Authorization": f"Bearer {made.api_key}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
