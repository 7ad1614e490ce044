"""Who may enter team settings."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from teams.models import Membership, User
from tests.settings.conftest import Browser
from tests.settings.pages import lists, page, pages_of, rows_of, text
from tests.world import World


def test_an_admin_of_a_team_finds_everything_there(alice: Client, hook: Webhook, world: World) -> None:
    addresses = ["/settings/", *lists(), *(one for row in rows_of(world, "acme") for one in pages_of(row))]

    answers = {address: alice.get(address).status_code for address in addresses}

    assert len(addresses) > 25
    assert set(answers.values()) == {200}


@pytest.mark.parametrize(("address", "status"), [("password_change/", 200), ("jsi18n/", 200), ("teams/", 302)])
def test_the_smaller_pages_answer_too(alice: Client, address: str, status: int) -> None:
    assert alice.get(f"/settings/{address}").status_code == status


def test_the_address_without_a_slash_leads_in(alice: Client) -> None:
    assert alice.get("/settings").headers["Location"] == "/settings/"


@pytest.mark.parametrize("address", ["/settings/", "/settings/login/", "/settings/teams/membership/"])
def test_a_visitor_is_sent_to_our_sign_in_and_back(db: None, client: Client, address: str) -> None:
    answer = client.get(address)

    back = "/settings/" if "login" in address else address
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{reverse('sign_in')}?next={back}")


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_who_administers_no_team_is_refused_everywhere(
    browser: Browser, hook: Webhook, world: World, name: str
) -> None:
    addresses = ["/settings/", *lists(), *(one for row in rows_of(world, "acme") for one in pages_of(row))]
    client = browser(name)

    answers = {client.get(address).status_code for address in addresses}

    assert answers == {403}
    assert "Team settings are for the admins of a team" in text(client.get("/settings/"))


def test_who_administers_no_team_cannot_send_forms_either(browser: Browser, token: Secret) -> None:
    bob = browser("bob")

    answer = bob.post(page(Secret, "delete", token.pk), {"post": "yes"})

    assert (answer.status_code, Secret.objects.count()) == (403, 1)


def test_a_superuser_without_a_team_has_the_ordinary_admin_instead(db: None, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))

    assert (client.get("/settings/").status_code, client.get("/admin/").status_code) == (403, 200)


def test_rights_in_django_change_nothing(browser: Browser, world: World) -> None:
    User.objects.filter(username="bob").update(is_staff=True, is_superuser=True)

    assert browser("bob").get("/settings/").status_code == 403


def test_an_inactive_admin_is_no_longer_let_in(alice: Client) -> None:
    User.objects.filter(username="alice").update(is_active=False)

    assert alice.get("/settings/").status_code == 302


def test_who_is_no_longer_admin_is_refused_at_once(alice: Client) -> None:
    Membership.objects.filter(user__username="alice").update(role="member")

    assert alice.get("/settings/").status_code == 403


def test_pages_hold_no_inline_script_or_style(alice: Client, hook: Webhook, world: World) -> None:
    addresses = ["/settings/", *lists(), *(one for row in rows_of(world, "acme") for one in pages_of(row))]

    for address in addresses:
        shown = text(alice.get(address))
        assert "<style" not in shown
        assert " style=" not in shown
        assert "<script>" not in shown
