"""Confirm it is you: asked before keys, members and secrets change; a sign-in that is fresh counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.core.context import request_context
from django.test import Client, RequestFactory

from secrets_vault.models import Secret
from teams.models import ApiKey, AuditEvent, SignInTries, User
from teams.sign_in.adapter import AccountAdapter
from teams.sign_in.confirm_identity import is_confirmed
from tests.conftest import as_person, forget_refusals
from tests.world import World

LATER = timedelta(minutes=15)


@pytest.fixture
def clock() -> Iterator[Any]:
    forget_refusals()
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(world: World, clock: Any) -> Client:
    """A browser that alice left open."""
    client = Client()
    assert client.post("/sign-in", {"username": "alice", "password": "alice-password"}).status_code == 302
    clock.shift(LATER)
    return client


def confirm(client: Client, password: str = "alice-password", there: str = "/authorize") -> Any:
    return client.post("/profile/confirm", {"identity_password": password, "next": there})


def makes_a_key(client: Client) -> bool:
    answer = client.post("/authorize", {"name": "laptop"})
    return answer.status_code == 200 and ApiKey.objects.filter(name="laptop").exists()


def test_a_fresh_sign_in_counts_for_a_quarter_of_an_hour(alice: Client, clock: Any) -> None:
    assert not makes_a_key(alice)
    clock.shift(-timedelta(seconds=1))
    assert makes_a_key(alice)


def test_a_page_that_asks_leads_on_to_itself_once_the_password_is_given(alice: Client, world: World) -> None:
    key = ApiKey.objects.get(user=world.users["alice"])
    page = f"/authorize/{key.pk}/delete"
    asked = alice.get(page)
    assert asked["Location"] == f"/profile/confirm?next=%2Fauthorize%2F{key.pk}%2Fdelete"
    assert "Confirm it is you" in alice.get(asked["Location"]).content.decode()
    assert confirm(alice, there=page)["Location"] == page
    assert alice.get(page).status_code == 200
    assert alice.post(page).status_code == 302
    assert AuditEvent.objects.get(verb="sign_in.confirm").actor == "alice"


def test_a_form_that_came_too_late_is_kept_and_goes_on_with_the_password(alice: Client) -> None:
    late = alice.post("/authorize", {"name": "laptop"})
    page = late.content.decode()
    assert (late.status_code, 'name="name" value="laptop"' in page, 'action="/authorize"' in page) == (403, True, True)
    wrong = alice.post("/authorize", {"name": "laptop", "identity_password": "wrong"})
    assert (wrong.status_code, "That is not your password" in wrong.content.decode()) == (403, True)
    assert not ApiKey.objects.filter(name="laptop").exists()
    assert alice.post("/authorize", {"name": "laptop", "identity_password": "alice-password"}).status_code == 200
    assert ApiKey.objects.filter(name="laptop").count() == 1


def test_a_secret_that_came_too_late_is_written_into_no_page(alice: Client, world: World) -> None:
    form = {"team": world.team.pk, "name": "DEPLOY_KEY", "value": "hush-hush"}
    late = alice.post("/settings/secrets_vault/secret/add/", form)
    page = late.content.decode()
    assert (late.status_code, "hush-hush" in page, "Nothing was saved" in page) == (403, False, True)
    assert "hush-hush" not in json.dumps(dict(alice.session))
    assert not Secret.objects.exists()
    there = "/settings/secrets_vault/secret/add/"
    assert confirm(alice, there=there)["Location"] == there
    assert alice.post(there, form).status_code == 302
    assert Secret.objects.get().name == "DEPLOY_KEY"


def test_a_wrong_password_is_counted_as_at_the_sign_in(alice: Client, clock: Any) -> None:
    answers = [confirm(alice, "wrong") for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert answers[-1]["Retry-After"] == "1"
    assert confirm(alice).status_code == 429
    assert SignInTries.objects.filter(count=5).exists()
    clock.shift(2)
    assert confirm(alice).status_code == 302
    assert AuditEvent.objects.filter(verb="sign_in.failed", person__username="alice").count() == 5


def test_htmx_is_led_there_as_a_whole(alice: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/authorize?a=1"}
    answer = alice.post("/authorize", {"name": "laptop"}, headers=headers)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/profile/confirm?next=%2Fauthorize%3Fa%3D1")


def test_rest_says_where_to_confirm_and_asks_no_key(alice: Client, world: World) -> None:
    made = ("/api/v1/api-keys", json.dumps({"name": "laptop"}), "application/json")
    refused = alice.post(*made)
    assert (refused.status_code, "/profile/confirm" in refused.json()["detail"]) == (403, True)
    assert not ApiKey.objects.filter(name="laptop").exists()
    assert as_person(world.keys["alice"]).post("/api/v1/api-keys", {"name": "laptop"}, format="json").status_code == 201
    confirm(alice)
    assert alice.post(*made).status_code == 201


def test_what_people_do_all_day_is_not_asked(alice: Client) -> None:
    assert alice.post("/profile", {"first_name": "Alice", "email": "a@mail.test"}).status_code == 302
    assert alice.post("/acme", {"name": "new"}).status_code == 302
    assert alice.get("/settings/secrets_vault/secret/").status_code == 200
    assert alice.get("/authorize").status_code == 200
    assert alice.post("/profile/sessions/end", {"which": "others"}).status_code == 302


@pytest.mark.parametrize("there", ["//evil.test/", "https://evil.test/", "javascript:alert(1)", ""])
def test_it_leads_to_a_page_of_ours_alone(alice: Client, there: str) -> None:
    assert confirm(alice, there=there)["Location"] == "/"


def test_who_is_not_signed_in_is_led_to_the_sign_in(world: World) -> None:
    assert Client().get("/profile/confirm")["Location"].startswith("/sign-in")
    assert confirm(Client())["Location"].startswith("/sign-in")


def test_what_allauth_checked_counts_too(alice: Client, world: World) -> None:
    request = RequestFactory().get("/")
    request.user, request.session = world.users["alice"], alice.session
    with request_context(request):
        check_each_step(request, AccountAdapter(request))


def check_each_step(request: Any, adapter: AccountAdapter) -> None:
    assert (is_confirmed(request), adapter.is_reauthentication_required(app="mfa")) == (False, True)
    record_authentication(request, request.user, method="mfa", type="totp")
    assert not is_confirmed(request)
    record_authentication(request, request.user, method="mfa", type="totp", reauthenticated=True)
    assert (is_confirmed(request), adapter.is_reauthentication_required(app="mfa")) == (True, False)


def test_leaving_a_team_asks_too(alice: Client, world: World, clock: Any) -> None:
    client = Client()
    client.post("/sign-in", {"username": "bob", "password": "bob-password"})
    clock.shift(LATER)
    page = "/profile/teams/acme/leave"
    assert client.get(page)["Location"].startswith("/profile/confirm?next=")
    assert client.post(page).status_code == 403
    assert world.users["bob"].memberships.count() == 1
    assert client.post(page, {"identity_password": "bob-password"}).status_code == 302
    assert world.users["bob"].memberships.count() == 0


def test_the_password_of_one_person_confirms_no_other(alice: Client, world: World) -> None:
    assert confirm(alice, "bob-password").status_code == 422
    assert not makes_a_key(alice)


def test_who_has_no_password_is_told_what_counts(alice: Client, world: World) -> None:
    page = alice.get("/profile/confirm").content.decode()
    assert 'name="identity_password"' in page
    user = User.objects.get(username="alice")
    user.set_unusable_password()
    client = Client()
    User.objects.filter(pk=user.pk).update(password=user.password)
    client.force_login(user)
    session = client.session
    session["identity_confirmed_at"] = 0
    session.save()
    page = client.get("/profile/confirm").content.decode()
    assert ('name="identity_password"' in page, "Sign out and in again" in page) == (False, True)
