"""Local passwords switched off: no door takes one, but of a break-glass admin, whose sign-in is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from teams.joining.invitations import invite
from teams.models import AuditEvent, User
from teams.sign_in.single_sign_on.provider_settings import parse_providers
from tests.conftest import forget_refusals
from tests.world import World

OKTA = {"id": "okta", "label": "Okta", "issuer": "https://okta.test", "client_id": "x"}
RIGHT = {"username": "alice", "password": "alice-password"}


@pytest.fixture
def switched_off(world: World, settings: Any) -> World:
    forget_refusals()
    settings.LOCAL_PASSWORDS = False
    settings.IDENTITY_PROVIDERS = parse_providers(json.dumps([OKTA]))
    User.objects.filter(username="alice").update(is_superuser=True, is_staff=True)
    return world


def is_signed_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


@pytest.mark.parametrize("page", ["/sign-in"])
def test_a_right_password_signs_in_nobody(switched_off: World, page: str) -> None:
    client = Client()
    client.post(page, RIGHT)
    assert not is_signed_in(client)
    row = AuditEvent.objects.get(verb="sign_in.failed")
    assert row.after == {"reason": "passwords are switched off"}


def test_a_right_password_is_answered_as_a_wrong_one(switched_off: World) -> None:
    """Else the page would be where passwords are tried."""
    pages = [Client().post("/sign-in", {**RIGHT, "password": password}) for password in ("alice-password", "wrong")]
    first, second = (list(page.context["form"].non_field_errors()) for page in pages)
    assert first == second != []


@pytest.mark.parametrize("page", ["/sign-in"])
def test_a_break_glass_admin_signs_in_and_it_is_told(
    switched_off: World, page: str, caplog: pytest.LogCaptureFixture
) -> None:
    call_command("break_glass", "alice")
    client = Client()
    client.post(page, RIGHT)
    assert is_signed_in(client)
    assert AuditEvent.objects.get(verb="sign_in").after == {"with": "password", "break_glass": True}
    assert "alice signed in with a password, as break-glass admin" in caplog.text


def test_who_is_no_longer_marked_or_no_superuser_does_not(switched_off: World) -> None:
    call_command("break_glass", "alice")
    User.objects.filter(username="alice").update(is_superuser=False)
    client = Client()
    client.post("/sign-in", RIGHT)
    User.objects.filter(username="alice").update(is_superuser=True)
    call_command("break_glass", "alice", "--off")
    client.post("/sign-in", RIGHT)
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["bob", "nobody"])
def test_only_a_superuser_is_marked(switched_off: World, name: str) -> None:
    with pytest.raises(CommandError, match="is no superuser here"):
        call_command("break_glass", name)


def test_who_has_no_password_is_not_marked(switched_off: World) -> None:
    alice = User.objects.get(username="alice")
    alice.set_unusable_password()
    alice.save()
    with pytest.raises(CommandError, match="manage.py changepassword alice"):
        call_command("break_glass", "alice")


def test_marking_is_in_the_audit_log(switched_off: World) -> None:
    call_command("break_glass", "alice")
    row = AuditEvent.objects.get(verb="user.change")
    assert (row.before, row.after) == ({"is_break_glass": False}, {"is_break_glass": True})


@pytest.mark.parametrize("page", ["/profile/password", "/admin/password_change/", "/settings/password_change/"])
def test_nobody_changes_a_password(switched_off: World, page: str) -> None:
    client = Client()
    client.force_login(switched_off.users["alice"])
    form = {"old_password": "alice-password", "new_password1": "brand-new-1", "new_password2": "brand-new-1"}
    answer = client.post(page, form)
    assert answer.status_code == 200
    assert "Passwords are switched off here" in answer.content.decode()
    assert User.objects.get(username="alice").check_password("alice-password")


def test_the_profile_leads_to_no_password(switched_off: World) -> None:
    client = Client()
    client.force_login(switched_off.users["alice"])
    assert "/profile/password" not in client.get("/profile").content.decode()


def test_nobody_is_held_before_a_page_that_refuses_them(switched_off: World) -> None:
    User.objects.filter(username="alice").update(must_change_password=True)
    client = Client()
    client.force_login(switched_off.users["alice"])
    assert client.get("/profile").status_code == 200


def test_an_invitation_makes_no_account_with_a_password(switched_off: World, settings: Any) -> None:
    _, link = invite(switched_off.team, "viewer", by=switched_off.users["alice"])
    address = link.removeprefix(settings.RUNBELL_URL)
    page = Client().get(address).content.decode()
    assert "Sign in to join" in page
    assert 'type="password"' not in page
    form = {"username": "dora", "password1": "brand-new-1", "password2": "brand-new-1"}
    assert Client().post(address, form).status_code == 403
    assert not User.objects.filter(username="dora").exists()


def test_the_form_stands_behind_the_buttons(switched_off: World) -> None:
    page = Client().get("/sign-in").content.decode()
    assert page.index("Sign in with Okta") < page.index("<details") < page.index('name="password"')
