"""Guessing passwords: slowed, locked, counted for every process, and nothing is learned by it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth import hashers
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from common.http.too_many_requests import TooManyRequests
from config import settings as configured
from teams.accounts import password_hashing
from teams.accounts.password_hashing import AT_ONCE, WAITING, Argon2
from teams.models import AuditEvent, SignInTries, User
from tests.at_once import at_once
from tests.conftest import forget_refusals
from tests.world import World

HERE, ELSEWHERE = "198.51.100.1", "198.51.100.2"


@pytest.fixture(autouse=True)
def nobody_was_refused_yet() -> None:
    forget_refusals()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield traveller


def sign_in(name: str, password: str, address: str = HERE, page: str = "/sign-in") -> Any:
    return Client(REMOTE_ADDR=address).post(page, {"username": name, "password": password})


def guess(name: str, count: int, clock: Any, address: str = HERE) -> None:
    """Guess wrong so often, with the pauses that are asked for."""
    for _ in range(count):
        while sign_in(name, "wrong", address).status_code == 429:
            clock.shift(timedelta(seconds=1))


# Slowed, then locked -------------------------------------------------------------------------------


def test_five_wrong_passwords_are_answered_at_once_and_each_further_one_has_to_wait_longer(
    world: World, clock: Any
) -> None:
    assert [sign_in("bob", "wrong").status_code for _ in range(5)] == [200] * 5
    waits = []
    for _ in range(7):
        answer = sign_in("bob", "wrong")
        assert answer.status_code == 429
        waits.append(int(answer["Retry-After"]))
        clock.shift(timedelta(seconds=waits[-1]))
        assert sign_in("bob", "wrong").status_code == 200
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_the_right_password_waits_as_a_wrong_one_does(world: World, clock: Any) -> None:
    guess("bob", 5, clock)
    assert sign_in("bob", "bob-password").status_code == 429
    clock.shift(timedelta(seconds=1))
    assert sign_in("bob", "bob-password").status_code == 302


def test_twenty_wrong_passwords_lock_the_name_everywhere_until_the_time_is_over(world: World, clock: Any) -> None:
    guess("bob", 20, clock)
    clock.shift(timedelta(seconds=899))
    refused = sign_in("bob", "bob-password", ELSEWHERE)
    assert (refused.status_code, refused["Retry-After"]) == (429, "1")
    assert "wrong passwords" in refused.content.decode()
    clock.shift(timedelta(seconds=1))
    assert sign_in("bob", "bob-password", ELSEWHERE).status_code == 302


def test_twenty_wrong_passwords_lock_the_address_for_every_name(world: World, clock: Any) -> None:
    for name in ("a", "b", "c", "d"):
        guess(name, 5, clock)
    assert sign_in("bob", "bob-password").status_code == 429
    assert sign_in("bob", "bob-password", ELSEWHERE).status_code == 302


def test_addresses_of_one_ipv6_network_are_one(world: World, clock: Any) -> None:
    for place in range(20):
        guess(f"name{place}", 1, clock, address=f"2001:db8::{place + 1:x}")
    assert sign_in("bob", "bob-password", "2001:db8::ffff").status_code == 429
    assert sign_in("bob", "bob-password", "2001:db8:0:1::1").status_code == 302


def test_the_name_is_one_however_it_is_written(world: World, clock: Any) -> None:
    for place, name in enumerate(["bob", "Bob", "BOB", "bOb", "boB"]):
        sign_in(name, "wrong", f"203.0.113.{place}")
    assert sign_in("bob", "bob-password").status_code == 429


def test_signing_in_forgets_the_tries_of_the_name_and_not_those_of_the_address(world: World, clock: Any) -> None:
    guess("bob", 4, clock)
    assert sign_in("bob", "bob-password").status_code == 302
    assert list(SignInTries.objects.values_list("subject", "count")) == [(f"address:{HERE}", 4)]


def test_what_is_refused_unchecked_makes_no_lock_longer_and_writes_no_row(world: World, clock: Any) -> None:
    guess("bob", 5, clock)
    told = AuditEvent.objects.count()
    assert {sign_in("bob", "wrong").status_code for _ in range(40)} == {429}
    assert AuditEvent.objects.count() == told
    clock.shift(timedelta(seconds=1))
    assert sign_in("bob", "bob-password").status_code == 302


def test_every_page_that_asks_for_a_password_counts(world: World, clock: Any) -> None:
    """Also the old one, asked of whoever found an open browser."""
    User.objects.filter(username="alice").update(is_staff=True, is_superuser=True)
    pages = {"/sign-in", "/profile/password", "/admin/password_change/", "/settings/password_change/"}
    assert pages == _pages_with_a_password()
    for page in sorted(pages):
        SignInTries.objects.all().delete()
        client = Client(REMOTE_ADDR=HERE)
        if "password" in page:
            client.force_login(world.users["alice"])
        new = {"new_password1": "hush-hush-hush-1", "new_password2": "hush-hush-hush-1"}
        sent = {"username": "alice", "password": "wrong", "old_password": "wrong", **new}
        answers = [client.post(page, sent).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429], page


def _pages_with_a_password() -> set[str]:
    """Every address whose page has a field for a password that somebody has."""
    found, client = set(), Client()
    client.force_login(User.objects.get(username="alice"))
    for pattern in ("/sign-in", "/admin/login/", "/settings/login/", *_paths()):
        for browser in (client, Client()):
            answer = browser.get(pattern)
            text = answer.content.decode() if answer.status_code == 200 and not answer.streaming else ""
            if 'name="old_password"' in text or ('name="password"' in text and 'name="username"' in text):
                found.add(pattern)
    return found


def _paths() -> set[str]:
    """Every address without anything to fill in."""
    found: set[str] = set()

    def walk(patterns: Any, before: str) -> None:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, path)
            elif not set("<(\\^") & set(path):
                found.add(f"/{path}")

    walk(get_resolver().url_patterns, "")
    return {path for path in found if "schema" not in path and "sign-out" not in path and "logout" not in path}


# Nothing is learned --------------------------------------------------------------------------------


def test_whether_a_name_exists_shows_in_no_word_status_header_or_statement(world: World, clock: Any) -> None:
    # What the first sign-in of a process alone asks for.
    sign_in("warm", "up", "203.0.113.77")
    seen = []
    # Addresses of their own: of one that is refused often the audit log keeps no more.
    for name, address in (("bob", "198.51.100.201"), ("nobody", "198.51.100.202")):
        answers = []
        for _ in range(7):
            with CaptureQueriesContext(connection) as asked:
                answer = sign_in(name, "wrong", address)
            words = answer.content.decode().partition("<main")[2].replace(name, "NAME")
            statements = [query["sql"].split()[0] for query in asked.captured_queries]
            answers.append((answer.status_code, answer.get("Retry-After"), _without_tokens(words), statements))
        seen.append(answers)
    assert seen[0] == seen[1]


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


def test_a_name_that_nobody_has_costs_a_hash_as_another_does(world: World, settings: Any, monkeypatch: Any) -> None:
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *sent: (hashed.append("x"), encode(self, *sent))[1]
    )
    sign_in("bob", "wrong")
    known = len(hashed)
    sign_in("nobody", "wrong", ELSEWHERE)
    assert (known, len(hashed) - known) == (1, 1)


def test_a_name_is_kept_as_a_hash_alone(world: World) -> None:
    sign_in("my-secret-password", "x")
    assert "my-secret" not in str(list(SignInTries.objects.values()))


# Unlocked ------------------------------------------------------------------------------------------


def test_an_operator_unlocks_a_name_and_an_address(world: World, clock: Any, capsys: Any) -> None:
    guess("bob", 20, clock)
    call_command("unlock_sign_in", "bob")
    assert sign_in("bob", "bob-password").status_code == 429  # the address is locked still
    call_command("unlock_sign_in", HERE)
    assert sign_in("bob", "bob-password").status_code == 302
    assert "20 tries are forgotten" in capsys.readouterr().out
    told = AuditEvent.objects.filter(verb="sign_in.unlock").order_by("id").values_list("target", "before", "door")
    assert list(told) == [
        ("user bob", {"tries": 20}, "command"), (f"address {HERE}", {"tries": 20}, "command"),
    ]  # fmt: skip


def test_a_superuser_unlocks_a_person_in_the_admin(world: World, clock: Any) -> None:
    guess("bob", 20, clock)
    admin = Client()
    User.objects.filter(username="alice").update(is_staff=True, is_superuser=True)
    admin.force_login(world.users["alice"])
    sent = {"action": "unlock_sign_in", "_selected_action": [world.users["bob"].pk]}
    assert admin.post("/admin/teams/user/", sent).status_code == 302
    assert sign_in("bob", "bob-password", ELSEWHERE).status_code == 302


# Few at once ---------------------------------------------------------------------------------------


def test_two_passwords_are_hashed_at_once_two_wait_and_the_others_are_refused(monkeypatch: Any) -> None:
    at_once, most, refused, guard = [0], [0], [0], threading.Lock()
    hold = threading.Event()

    def hashing(*_: object) -> bytes:
        with guard:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        hold.wait(10)
        with guard:
            at_once[0] -= 1
        return b"x"

    monkeypatch.setattr("django.contrib.auth.hashers.Argon2PasswordHasher.verify", hashing)

    def check() -> None:
        try:
            Argon2().verify("wrong", "argon2$x")
        except TooManyRequests:
            with guard:
                refused[0] += 1

    threads = [threading.Thread(target=check) for _ in range(12)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while refused[0] < 12 - AT_ONCE - WAITING and time.monotonic() < until:
        time.sleep(0.01)
    assert (at_once[0], refused[0]) == (AT_ONCE, 12 - AT_ONCE - WAITING)
    hold.set()
    for thread in threads:
        thread.join()
    assert (most[0], refused[0]) == (AT_ONCE, 8)


def test_each_way_to_hash_a_password_waits_for_its_turn(settings: Any, monkeypatch: Any) -> None:
    """Whatever hasher the settings name, whoever calls it."""
    settings.PASSWORD_HASHERS = ["teams.accounts.password_hashing.Argon2", "teams.accounts.password_hashing.Pbkdf2"]
    monkeypatch.setattr(password_hashing, "PATIENCE_SECONDS", 0.01)
    held = [password_hashing.hashing_in_turn() for _ in range(AT_ONCE)]
    hashed = [(hasher, hasher.encode("right", hasher.salt())) for hasher in hashers.get_hashers()]
    for turn in held:
        turn.__enter__()
    try:
        for hasher, stored in hashed:
            with pytest.raises(TooManyRequests, match="Try again"):
                hasher.verify("right", stored)
            with pytest.raises(TooManyRequests, match="Try again"):
                hasher.encode("right", "saltsaltsalt")
    finally:
        for turn in held:
            turn.__exit__(None, None, None)
    assert all(hasher.verify("right", stored) for hasher, stored in hashed)


def test_the_settings_name_no_hasher_that_hashes_out_of_turn() -> None:
    assert all(name.startswith("teams.accounts.password_hashing.") for name in configured.PASSWORD_HASHERS)


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_no_more_get_through_than_one_by_one(world: World) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite is in memory, where two writers refuse each other instead of waiting")
    answers = at_once(lambda number: [sign_in("bob", "wrong").status_code for _ in range(4)])
    assert sorted(sum(answers, [])) == [200] * 5 + [429] * 11
