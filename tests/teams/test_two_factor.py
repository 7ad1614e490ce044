"""Two-factor sign-in: nobody is signed in by a password alone, no code is good twice, and guessing is slow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from common.http.too_many_requests import TooManyRequests
from secrets_vault import rotation
from teams.accounts.sign_in_limits import WrongCode
from teams.models import AuditEvent, SignInTries, User
from teams.sign_in.two_factor import codes
from tests.at_once import at_once
from tests.conftest import forget_refusals
from tests.teams.second_factors import App, app_of, code_sent, is_signed_in, with_password
from tests.world import World


@pytest.fixture(autouse=True)
def nobody_was_refused_yet() -> None:
    forget_refusals()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield traveller


@pytest.fixture
def app(world: World, clock: Any) -> App:
    """Bob's."""
    return app_of(world.users["bob"])


WRONG = {"reason": "wrong code"}


def verbs(**rows: Any) -> list[str]:
    return list(AuditEvent.objects.filter(**rows).order_by("pk").values_list("verb", flat=True))


def shown_codes(answer: Any) -> list[str]:
    return list(answer.context["codes"])


# Signing in ----------------------------------------------------------------------------------------


def test_the_right_password_alone_signs_nobody_in(app: App) -> None:
    client = Client()
    answer = client.post("/sign-in", {"username": "bob", "password": "bob-password", "next": "/acme/mnist"})
    assert answer["Location"] == "/sign-in/second-step"
    assert not is_signed_in(client)
    assert client.get("/acme/mnist").status_code == 302
    assert client.get("/api/v1/me").status_code == 401
    assert "One more step" in client.get("/sign-in/second-step").content.decode()


def test_the_code_signs_in_and_leads_to_the_page_that_was_wanted(app: App) -> None:
    client = Client()
    client.post("/sign-in", {"username": "bob", "password": "bob-password", "next": "/acme/mnist"})
    assert code_sent(client, app.code())["Location"] == "/acme/mnist"
    assert client.get("/acme/mnist").status_code == 200
    assert verbs(person__username="bob", actor="bob") == ["sign_in.first_step", "sign_in.second_step", "sign_in"]
    assert AuditEvent.objects.get(verb="sign_in.second_step").after == {"with": "authenticator app"}


def test_the_session_has_another_key_after_each_step(app: App) -> None:
    client = Client()
    client.get("/sign-in/passkey")
    keys = [client.cookies[settings.SESSION_COOKIE_NAME].value]
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    keys.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    code_sent(client, app.code())
    keys.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert len(set(keys)) == 3


def test_a_clock_may_be_a_step_wrong_and_no_more(app: App) -> None:
    assert [is_good(app.code(steps)) for steps in (-2, 2, -1, 1)] == [False, False, True, True]


def is_good(code: str) -> bool:
    client = with_password("bob")
    return code_sent(client, code).status_code == 302 and is_signed_in(client)


@pytest.mark.parametrize("code", ["", "000000", "12345", "x" * 33, "\u0661\u0662\u0663\u0664\u0665\u0666", "\x00"])
def test_what_is_no_code_of_now_is_refused_and_told(app: App, code: str) -> None:
    client = with_password("bob")
    answer = code_sent(client, code)
    assert answer.status_code in (400, 422)
    assert not is_signed_in(client)


def test_a_wrong_code_is_told_in_the_audit_log(app: App) -> None:
    answer = code_sent(with_password("bob"), "000000")
    assert "This code is not good" in answer.content.decode()
    row = AuditEvent.objects.order_by("-pk")[0]
    assert (row.verb, row.person, row.after) == (
        "sign_in.failed",
        User.objects.get(username="bob"),
        {"reason": "wrong code"},
    )


def test_nobody_learns_before_the_right_password_who_has_a_second_factor(app: App, world: World) -> None:
    answers = []
    for name in ("bob", "vera"):
        client = Client()
        answer = client.post("/sign-in", {"username": name, "password": "wrong"})
        text = re.sub(r"((?i:csrf)[^>]*|nonce=\"[^\"]*)", "", answer.content.decode()).replace(name, "NAME")
        answers.append((answer.status_code, text, client.get("/sign-in/second-step").status_code))
    assert answers[0] == answers[1]


def test_who_is_switched_off_meanwhile_comes_no_further(app: App) -> None:
    client = with_password("bob")
    User.objects.filter(username="bob").update(is_active=False)
    assert code_sent(client, app.code())["Location"] == "/sign-in"
    assert not is_signed_in(client)


def test_a_password_that_is_changed_meanwhile_ends_the_sign_in(app: App) -> None:
    client = with_password("bob")
    bob = User.objects.get(username="bob")
    bob.set_password("three-quiet-bells")
    bob.save()
    assert code_sent(client, app.code())["Location"] == "/sign-in"
    assert not is_signed_in(client)


def test_the_second_step_waits_for_a_quarter_of_an_hour(app: App, clock: Any) -> None:
    client = with_password("bob")
    clock.shift(timedelta(minutes=15, seconds=1))
    assert code_sent(client, app.code())["Location"] == "/sign-in"
    assert not is_signed_in(client)


def test_the_administration_signs_in_at_the_same_place(app: App, client: Client) -> None:
    User.objects.filter(username="bob").update(is_staff=True, is_superuser=True)
    assert client.get("/admin/login/?next=/admin/teams/user/")["Location"] == "/sign-in?next=/admin/teams/user/"
    client.post("/admin/login/", {"username": "bob", "password": "bob-password"})
    assert not is_signed_in(client)
    client.post("/sign-in", {"username": "bob", "password": "bob-password", "next": "/admin/"})
    assert client.get("/admin/").status_code == 302
    assert code_sent(client, app.code())["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_administration_leads_to_no_other_site_and_turns_others_away_once(client: Client, world: World) -> None:
    assert client.get("/admin/login/?next=https://evil.test/")["Location"] == "/sign-in?next=/admin/"
    client.force_login(world.users["bob"])
    assert client.get("/admin/", follow=True).status_code == 403


# Codes are good once -------------------------------------------------------------------------------


def test_a_code_is_good_once_also_in_another_browser(app: App) -> None:
    code = app.code()
    assert [is_good(code), is_good(code)] == [True, False]


def test_a_code_of_an_earlier_step_is_over_once_a_later_one_was_used(app: App) -> None:
    assert [is_good(app.code(1)), is_good(app.code()), is_good(app.code(-1))] == [True, False, False]


def test_what_was_used_is_known_without_the_cache(app: App, settings: Any) -> None:
    """Each process may have a cache of its own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    code = app.code()
    assert [is_good(code), is_good(code)] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_with_one_code_at_once_one_is_let_in(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: two writers at once need PostgreSQL; pytest --postgresql")
    bob = User.objects.create_user("bob")
    app = app_of(bob)
    recovery = codes.codes_left(bob)[0]
    for code in (app.code(), recovery):
        assert sorted(at_once(lambda _: _is_used(bob, code))) == [False, False, False, True]  # noqa: B023


def _is_used(user: User, code: str) -> bool:
    try:
        codes.use_code(user, code)
    except (WrongCode, TooManyRequests):
        return False
    return True


def test_a_recovery_code_is_good_once_however_it_is_written(app: App, world: World) -> None:
    first, second = codes.codes_left(world.users["bob"])[:2]
    assert [is_good(first), is_good(first), is_good(second.replace("-", " "))] == [True, False, True]
    assert codes.count_codes_left(world.users["bob"]) == 8
    told = AuditEvent.objects.filter(verb="sign_in.second_step").order_by("pk").values_list("after", flat=True)
    assert list(told) == [{"with": "recovery code", "left": "9"}, {"with": "recovery code", "left": "8"}]


# Guessing ------------------------------------------------------------------------------------------


def test_wrong_codes_are_slowed_and_locked_for_every_browser(app: App, clock: Any) -> None:
    client = with_password("bob", REMOTE_ADDR="198.51.100.1")
    assert [code_sent(client, "000000").status_code for _ in range(5)] == [422] * 5
    other = with_password("bob", REMOTE_ADDR="198.51.100.2")
    answer = code_sent(other, app.code())
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "wrong codes" in answer.content.decode()


def test_after_the_lock_comes_one_try_and_the_next_lock(app: App, clock: Any) -> None:
    bob = User.objects.get(username="bob")
    SignInTries.objects.create(subject=f"code:{bob.pk}", count=20, last_at=datetime.now(ZoneInfo("UTC")))
    clock.shift(timedelta(seconds=901))
    assert code_sent(with_password("bob"), "000000").status_code == 422
    assert code_sent(with_password("bob"), app.code()).status_code == 429


def test_the_right_code_forgets_the_wrong_ones(app: App) -> None:
    client = with_password("bob")
    for _ in range(4):
        code_sent(client, "000000")
    assert code_sent(client, app.code()).status_code == 302
    assert not SignInTries.objects.filter(subject__startswith="code:").exists()


def test_unlocking_a_name_unlocks_its_codes(app: App, clock: Any) -> None:
    client = with_password("bob")
    for _ in range(5):
        code_sent(client, "000000")
    SignInTries.objects.filter(subject__startswith="address:").delete()
    call_command("unlock_sign_in", "bob")
    assert code_sent(client, app.code()).status_code == 302


# Setting up ----------------------------------------------------------------------------------------


@pytest.fixture
def bob(world: World, clock: Any) -> Client:
    """Just signed in with a password."""
    return with_password("bob")


def set_up(client: Client) -> tuple[App, Any]:
    app = App(client.get("/profile/two-factor/app").context["secret"])
    return app, client.post("/profile/two-factor/app", {"code": app.code()})


def test_an_app_is_set_up_by_its_first_code_which_is_good_for_no_sign_in(bob: Client) -> None:
    page = bob.get("/profile/two-factor/app").content.decode()
    assert "<svg" in page and "<?xml" not in page
    app, answer = set_up(bob)
    assert len(set(shown_codes(answer))) == 10
    assert shown_codes(answer)[0] in answer.content.decode()
    assert [is_good(app.code()), is_good(app.code(1))] == [False, True]
    row = AuditEvent.objects.get(verb="second_factor.add")
    assert (row.actor, row.target, row.after) == ("bob", "authenticator app of bob", {"kind": "authenticator app"})


def test_a_wrong_first_code_sets_nothing_up(bob: Client) -> None:
    bob.get("/profile/two-factor/app")
    assert bob.post("/profile/two-factor/app", {"code": "000000"}).status_code == 422
    assert not Authenticator.objects.exists()


def test_what_is_kept_is_encrypted_also_before_the_first_code(bob: Client) -> None:
    app, answer = set_up(bob)
    bob.get("/profile/two-factor/app/remove")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        kept = str(cursor.fetchall())
    assert app.secret not in kept
    assert not [code for code in shown_codes(answer) if code.replace("-", "") in kept]
    other = with_password("vera")
    secret = other.get("/profile/two-factor/app").context["secret"].replace(" ", "")
    assert secret not in str(dict(other.session.items()))


def test_whoever_has_not_shown_lately_who_they_are_is_asked_again(bob: Client, clock: Any) -> None:
    clock.shift(timedelta(minutes=16))
    wanted = "/profile/confirm?next=%2Fprofile%2Ftwo-factor%2Fapp"
    assert bob.get("/profile/two-factor/app")["Location"] == wanted
    assert bob.post(wanted, {"identity_password": "wrong"}).status_code == 422
    assert bob.get("/profile/two-factor/app").status_code == 302
    answer = bob.post(wanted, {"identity_password": "bob-password", "next": "/profile/two-factor/app"})
    assert answer["Location"] == "/profile/two-factor/app"
    assert bob.get("/profile/two-factor/app").status_code == 200


def test_a_code_shows_as_well_who_one_is(bob: Client, clock: Any) -> None:
    app, _answer = set_up(bob)
    clock.shift(timedelta(minutes=16))
    assert bob.get("/profile/two-factor/off").status_code == 302
    sent = {"code": app.code(), "next": "/profile/two-factor/off"}
    assert bob.post("/profile/again/second-factor", sent)["Location"] == "/profile/two-factor/off"
    assert bob.get("/profile/two-factor/off").status_code == 200


def test_new_recovery_codes_take_the_place_of_the_old(bob: Client) -> None:
    _app, first = set_up(bob)
    second = bob.post("/profile/two-factor/recovery-codes")
    assert not set(shown_codes(first)) & set(shown_codes(second))
    assert [is_good(shown_codes(first)[0]), is_good(shown_codes(second)[0])] == [False, True]
    assert "10 codes" not in bob.get("/profile/two-factor").content.decode()
    assert "9 codes are left" in bob.get("/profile/two-factor").content.decode()


def test_recovery_codes_stand_in_for_a_factor_and_are_none(bob: Client) -> None:
    assert bob.post("/profile/two-factor/recovery-codes").status_code == 422
    assert not Authenticator.objects.exists()


def test_switched_off_the_password_is_enough_again(bob: Client) -> None:
    set_up(bob)
    assert bob.post("/profile/two-factor/off")["Location"] == "/profile/two-factor"
    assert not Authenticator.objects.exists()
    assert is_signed_in(with_password("bob"))
    assert verbs(verb__startswith="second_factor") == ["second_factor.add", "second_factor.remove"]


# A lost phone --------------------------------------------------------------------------------------


def test_an_operator_takes_the_factors_of_a_person_away(app: App, world: World, capsys: Any) -> None:
    call_command("reset_two_factor", "bob")
    assert "bob: 1 second factors are taken away." in capsys.readouterr().out
    assert is_signed_in(with_password("bob"))
    row = AuditEvent.objects.get(verb="second_factor.reset")
    assert (row.person, row.door, row.before) == (world.users["bob"], "command", {"factors": ["authenticator app"]})
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        call_command("reset_two_factor", "nobody")


def test_a_superuser_does_so_in_the_administration_and_sees_no_secret(app: App, world: World) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    row = Authenticator.objects.get(type="totp")
    assert row.data["secret"] not in root.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
    assert root.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    bob = world.users["bob"]
    root.post("/admin/teams/user/", {"action": "reset_two_factor", "_selected_action": [bob.pk]})
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get(verb="second_factor.reset").actor == "root"


# The vault's keys ----------------------------------------------------------------------------------

OLD, NEW = ("the old key of more than 32 characters", "the new key of more than 32 characters")


def test_rotated_keys_open_what_the_old_ones_closed(world: World, settings: Any, clock: Any, capsys: Any) -> None:
    settings.FERNET_KEYS = [OLD]
    app = app_of(world.users["bob"])
    recovery = codes.codes_left(world.users["bob"])[0]
    settings.FERNET_KEYS = [NEW, OLD]
    assert rotation.count_second_factors().rotated == 2
    call_command("rotate_vault_keys")
    assert "mfa.Authenticator.data: 2 rotated, 0 already new, 0 unreadable" in capsys.readouterr().out
    settings.FERNET_KEYS = [NEW]
    assert [is_good(app.code()), is_good(recovery)] == [True, True]


def test_without_the_key_nobody_is_let_in_and_the_page_says_why(world: World, settings: Any, clock: Any) -> None:
    settings.FERNET_KEYS = [OLD]
    app = app_of(world.users["bob"])
    settings.FERNET_KEYS = [NEW]
    client = with_password("bob")
    assert "RUNBELL_FERNET_KEYS" in code_sent(client, app.code()).content.decode()
    assert not is_signed_in(client)
    assert "in mfa.Authenticator.data" in " ".join(rotation.problems())
