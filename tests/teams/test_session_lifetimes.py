"""Sessions of people: how long they last, where they are listed, and how they are ended."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.conf import settings as configured
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from teams.models import AuditEvent, Invitation, SignInTries, User, UserSession
from teams.sessions import expired_sessions
from teams.sessions.hashed_sessions import hashed
from teams.sign_in.session_pages import browser_of
from tests.world import World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield traveller


def sign_in(name: str = "bob", agent: str = FIREFOX, address: str = "198.51.100.1") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    assert client.post("/sign-in", {"username": name, "password": f"{name}-password"}).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=hashed(client.cookies[configured.SESSION_COOKIE_NAME].value))


def make_superuser(world: World, name: str = "alice") -> Client:
    User.objects.filter(username=name).update(is_staff=True, is_superuser=True)
    return sign_in(name)


# How long they last --------------------------------------------------------------------------------------


def test_a_session_that_nobody_uses_ends(world: World, clock: Any) -> None:
    client = sign_in()
    clock.shift(14 * DAY - timedelta(seconds=1))
    assert is_signed_in(client)
    clock.shift(14 * DAY)
    assert client.get("/profile")["Location"].startswith("/sign-in")


def test_a_session_ends_after_its_lifetime_however_busy_it_is(world: World, clock: Any) -> None:
    client = sign_in()
    for _ in range(29):
        clock.shift(DAY)
        assert is_signed_in(client)
    clock.shift(DAY)
    assert not is_signed_in(client)
    assert sign_in().get("/profile").status_code == 200


def test_a_shorter_setting_holds_for_those_that_are_open(world: World, clock: Any, settings: Any) -> None:
    client = sign_in()
    clock.shift(timedelta(hours=2))
    settings.SESSION_IDLE_SECONDS = 3600
    assert not is_signed_in(client)


@pytest.mark.parametrize("address", ["/profile", "/api/v1/me", "/settings/", "/admin/"])
def test_every_door_that_takes_a_session_refuses_one_that_is_over(world: World, clock: Any, address: str) -> None:
    client = make_superuser(world)
    assert client.get(address).status_code == 200
    clock.shift(15 * DAY)
    assert client.get(address).status_code in (302, 401, 403)


def test_a_session_is_nobody_for_graphql_and_the_file_stream(world: World) -> None:
    client = sign_in("alice")
    query = {"query": '{ project(name: "mnist", entityName: "acme") { name } }'}
    assert client.post("/graphql", query, "application/json").status_code == 401
    assert client.post("/files/acme/mnist/run1/file_stream", {}, "application/json").status_code == 401


def test_being_seen_is_written_at_most_once_a_minute(world: World, clock: Any) -> None:
    client = sign_in()
    begun = row_of(client).last_seen_at

    def writes() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/profile")
        return [one["sql"] for one in queries if "UPDATE" in one["sql"] and "usersession" in one["sql"]]

    clock.shift(59)
    assert (writes(), row_of(client).last_seen_at) == ([], begun)
    clock.shift(1)
    assert (len(writes()), row_of(client).last_seen_at) == (1, timezone.now())
    assert writes() == []


def test_what_a_page_asks_by_itself_keeps_no_session_alive(world: World, clock: Any) -> None:
    client = sign_in()
    for _ in range(27):
        clock.shift(timedelta(hours=12))
        assert client.get("/executions/counts", headers={"HX-Request": "true"}).status_code == 200
    clock.shift(timedelta(hours=12))
    assert client.get("/executions/counts", headers={"HX-Request": "true"}).status_code == 302


def test_an_ended_session_is_not_brought_back_by_a_request_under_way(world: World, clock: Any) -> None:
    session = sign_in().session
    session["a"] = 1
    UserSession.objects.all().delete()
    clock.shift(3600)
    session.note_activity(address=None, agent="")
    assert UserSession.objects.count() == 0


def test_sessions_from_before_the_upgrade_go_on(world: World) -> None:
    client = sign_in()
    shown, row = client.cookies[configured.SESSION_COOKIE_NAME].value, row_of(client)
    stored, old = row.session_key, timezone.now() + 10 * DAY
    Session.objects.create(session_key=stored, session_data=row.session_data, expire_date=old)
    Session.objects.create(session_key="x" * 40, session_data="nonsense", expire_date=old)
    Session.objects.create(session_key="y" * 40, session_data=DjangoStore().encode({"a": 1}), expire_date=old)
    row.delete()
    assert not is_signed_in(client)
    importlib.import_module("teams.migrations.0020_move_sessions").move(apps, None)
    (moved,) = UserSession.objects.all()
    assert (moved.session_key, moved.user, Session.objects.count()) == (stored, world.users["bob"], 0)
    assert moved.begun_at.date() == (timezone.now() - 4 * DAY).date()
    client.cookies[configured.SESSION_COOKIE_NAME] = shown
    assert is_signed_in(client)


# Listed and ended ----------------------------------------------------------------------------------------


def test_a_row_names_the_person_and_from_where_and_how_they_signed_in(world: World, clock: Any) -> None:
    row = row_of(sign_in())
    assert (row.user, row.address, row.agent, row.method) == (world.users["bob"], "198.51.100.1", FIREFOX, "password")
    assert (row.begun_at, row.last_seen_at) == (timezone.now(), timezone.now())


def test_the_page_lists_ones_own_sessions_and_marks_this_one(world: World) -> None:
    here = sign_in()
    sign_in(agent="curl/8", address="203.0.113.9")
    sign_in("alice", address="203.0.113.7")
    page = here.get("/profile/sessions").content.decode()
    assert (page.count("this one"), "Firefox on Linux" in page, "curl/8" in page) == (1, True, True)
    assert ("203.0.113.9" in page, "203.0.113.7" in page) == (True, False)


def test_one_session_is_ended_and_nobody_elses(world: World) -> None:
    here, there, alices = sign_in(), sign_in(), sign_in("alice")
    assert here.post(f"/profile/sessions/{row_of(alices).pk}/end").status_code == 404
    assert here.post(f"/profile/sessions/{row_of(there).pk}/end").status_code == 302
    assert [is_signed_in(one) for one in (here, there, alices)] == [True, False, True]
    told = AuditEvent.objects.get(verb="session.end")
    assert (told.actor, told.before["agent"], "session_key" in told.before) == ("bob", FIREFOX, False)
    assert here.post(f"/profile/sessions/{'0' * 40}/end").status_code == 404


def test_signing_out_everywhere_but_here_and_here_too(world: World) -> None:
    here, there, alices = sign_in(), sign_in(), sign_in("alice")
    here.post("/profile/sessions/end", {"which": "others"})
    assert [is_signed_in(one) for one in (here, there, alices)] == [True, False, True]
    third = sign_in()
    assert here.post("/profile/sessions/end", {"which": "all"})["Location"] == "/sign-in"
    assert [is_signed_in(one) for one in (here, third, alices)] == [False, False, True]
    assert AuditEvent.objects.filter(verb="session.end_all", actor="bob").count() == 2


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    here, there = sign_in(), sign_in()
    new = {"old_password": "bob-password", "new_password1": "seven-tall-trees", "new_password2": "seven-tall-trees"}
    assert here.post("/profile/password", new).status_code == 302
    assert [is_signed_in(one) for one in (here, there)] == [True, False]
    assert UserSession.objects.filter(user=world.users["bob"]).count() == 1


def test_a_superuser_signs_a_person_out_and_so_does_switching_them_off(world: World) -> None:
    superuser, bobs = make_superuser(world), sign_in()
    chosen = {"action": "sign_out_everywhere", "_selected_action": [world.users["bob"].pk]}
    superuser.post("/admin/teams/user/", chosen)
    assert not is_signed_in(bobs)
    sign_in()
    page = f"/admin/teams/user/{world.users['bob'].pk}/change/"
    form = superuser.get(page).context["adminform"].form.initial
    sent = {name: value for name, value in form.items() if isinstance(value, str) and value}
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert superuser.post(page, {**sent, **joined}).status_code == 302
    assert UserSession.objects.filter(user=world.users["bob"]).count() == 0
    assert User.objects.get(username="bob").is_active is False


def test_the_command_signs_a_person_out(world: World, capsys: Any) -> None:
    client = sign_in()
    call_command("sign_out", "bob")
    assert (capsys.readouterr().out.strip(), is_signed_in(client)) == ("bob: 1 sessions are ended.", False)
    with pytest.raises(CommandError, match="no person 'nobody'"):
        call_command("sign_out", "nobody")


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Mobile Safari/604.1", "Safari on iOS"),
        ("python-requests/2.32", "python-requests/2.32"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_two_words(agent: str, said: str) -> None:
    assert browser_of(agent) == said


# Cleared -------------------------------------------------------------------------------------------------


def test_the_sweep_clears_what_is_over_and_so_much_at_a_time(world: World, clock: Any, monkeypatch: Any) -> None:
    cache.delete("teams.sessions.clear_expired")
    cache.delete("teams.sign_in_tries.forget")
    monkeypatch.setattr(expired_sessions, "MOST_CLEARED", 2)
    for _ in range(3):
        sign_in()
    Invitation.objects.create(team=world.team, expires_at=timezone.now())
    SignInTries.objects.create(subject="name:x", last_at=timezone.now())
    clock.shift(15 * DAY)
    alive = sign_in()
    left = []
    for _ in range(3):
        expired_sessions.clear_expired()
        expired_sessions.clear_expired()
        left.append(UserSession.objects.count())
        cache.delete("teams.sessions.clear_expired")
    assert (left, Invitation.objects.count(), is_signed_in(alive)) == ([2, 1, 1], 1, True)
    clock.shift(16 * DAY)
    expired_sessions.clear_expired()
    assert Invitation.objects.count() == 0
