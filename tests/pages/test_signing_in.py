"""The way in, and to one's teams."""

from __future__ import annotations

import pytest
from django.test import Client

from teams.accounts.api_key import key_of
from teams.models import ApiKey, Membership, User
from tests.pages.people import text
from tests.world import World


def sign_in(client: Client, name: str, password: str, **more: str) -> object:
    return client.post("/sign-in", {"username": name, "password": password, **more})


def test_signing_in_leads_to_the_one_team(client: Client, world: World) -> None:
    sign_in(client, "bob", "bob-password")
    assert client.get("/")["Location"] == "/acme"


def test_signing_in_leads_to_the_page_that_was_wanted(client: Client, world: World) -> None:
    answer = sign_in(client, "bob", "bob-password", next="/acme/mnist/runs")
    assert answer["Location"] == "/acme/mnist/runs"  # type: ignore[index]


def test_signing_in_leads_to_no_other_site(client: Client, world: World) -> None:
    answer = sign_in(client, "bob", "bob-password", next="https://evil.test/")
    assert answer["Location"] == "/"  # type: ignore[index]


def test_a_wrong_password_is_refused_and_the_name_kept(client: Client, world: World) -> None:
    page = text(sign_in(client, "bob", "wrong"))
    assert "No one signs in with this user name and password" in page
    assert 'value="bob"' in page


def test_a_service_account_does_not_sign_in(client: Client, world: World) -> None:
    User.objects.create_user("robot", password="robot-password", is_service=True)
    assert "This is a service account" in text(sign_in(client, "robot", "robot-password"))


def test_several_teams_are_a_choice(world: World, bob: Client) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["bob"], role="viewer")
    page = text(bob.get("/", follow=True))
    assert 'href="/acme"' in page
    assert 'href="/other"' in page


def test_the_team_one_was_in_last_is_where_one_comes_back_to(world: World, bob: Client) -> None:
    Membership.objects.create(team=world.other_team, user=world.users["bob"], role="viewer")
    bob.get("/other")
    assert bob.get("/")["Location"] == "/other"
    assert bob.get("/automations").context["my_team"] == world.other_team
    bob.get("/acme/mnist/runs")
    assert bob.get("/")["Location"] == "/acme"


def test_a_person_chooses_a_time_zone(world: World, bob: Client) -> None:
    answer = bob.post("/profile", {"first_name": "Bob", "time_zone": "Asia/Tokyo"})
    assert answer["Location"] == "/profile"
    assert User.objects.get(username="bob").time_zone == "Asia/Tokyo"
    assert "JST" in text(bob.get("/authorize"))


def test_a_time_zone_that_does_not_exist_is_refused_and_nothing_is_changed(world: World, bob: Client) -> None:
    page = text(bob.post("/profile", {"first_name": "Bob", "time_zone": "Mars/Olympus"}))
    assert "Mars/Olympus" in page
    assert User.objects.values_list("first_name", "time_zone").get(username="bob") == ("", "")


def test_a_person_changes_the_password_and_stays_signed_in(world: World, bob: Client) -> None:
    new = "three-quiet-bells"
    sent = {"old_password": "bob-password", "new_password1": new, "new_password2": new}
    assert bob.post("/profile/password", sent)["Location"] == "/profile"
    assert User.objects.get(username="bob").check_password(new)
    assert bob.get("/profile").status_code == 200


def test_who_is_on_no_team_is_told_whom_to_ask(client: Client, world: World) -> None:
    client.force_login(User.objects.create_user("newbie"))
    assert "You are on no team yet" in text(client.get("/", follow=True))


def test_signing_out_takes_a_post(bob: Client) -> None:
    assert bob.get("/sign-out").status_code == 405
    assert bob.post("/sign-out")["Location"] == "/sign-in"
    assert bob.get("/acme").status_code == 302


def test_a_new_api_key_is_shown_once_and_works(bob: Client, world: World) -> None:
    page = bob.post("/authorize", {"name": "laptop"})
    plain = page.context["plain"]
    assert plain in text(page)
    assert plain not in text(bob.get("/authorize"))
    found = key_of(plain)
    assert found is not None
    assert (found.user, found.name) == (world.users["bob"], "laptop")


def test_nobody_deletes_the_key_of_another(bob: Client, world: World) -> None:
    hers = ApiKey.objects.get(user=world.users["alice"])
    assert bob.post(f"/authorize/{hers.pk}/delete").status_code == 404
    assert ApiKey.objects.filter(pk=hers.pk).exists()


@pytest.mark.parametrize("address", ["/favicon.ico"])
def test_browsers_find_the_bell(client: Client, address: str) -> None:
    assert client.get(address)["Location"] == "/static/favicon.svg"
