"""Service accounts of a team in the product: made with a key, renamed, given keys, removed."""

from __future__ import annotations

import re

from rest_framework.test import APIClient

from teams.accounts.api_key import store_key
from teams.models import ApiKey, AuditEvent, Membership, Role, User
from teams.people import service_accounts
from tests.conftest import as_person
from tests.pages.people import browser, text
from tests.world import World

PAGES, REST = "/teams/acme/service-accounts", "/api/v1/teams/acme/service-accounts"


def made(world: World) -> Membership:
    return service_accounts.create(world.team, "nightly training", by=world.users["alice"])[0]


def test_an_account_is_made_with_a_key_that_is_shown_once_and_reaches_the_team(world: World) -> None:
    alice = browser(world, "alice")
    key = re.search(r"rb\w{44}", text(alice.post(PAGES, {"description": "nightly training"})))
    assert key is not None
    me = as_person(key[0]).get("/api/v1/me").json()
    assert (me["is_service"], me["teams"]) == (True, [{"team": "acme", "role": "member"}])
    assert key[0] not in text(alice.get(f"{PAGES}/{me['username']}"))


def test_one_row_of_the_audit_log_tells_of_an_account_that_is_made(world: World, api: APIClient) -> None:
    before = AuditEvent.objects.count()
    assert api.post(REST, {"description": "nightly"}, format="json").status_code == 201
    row = AuditEvent.objects.order_by("-pk")[0]
    assert (AuditEvent.objects.count() - before, row.verb, row.team) == (1, "service_account.create", world.team)


def test_it_is_renamed_and_keeps_its_user_name(world: World, api: APIClient) -> None:
    account = made(world)
    answer = api.patch(f"{REST}/{account.user}", {"description": "weekly"}, format="json").json()
    assert answer == {"username": account.user.username, "description": "weekly", "role": "member"}


def test_an_account_of_two_teams_is_renamed_by_neither(world: World, api: APIClient) -> None:
    account = made(world)
    Membership.objects.create(team=world.other_team, user=account.user, role=Role.MEMBER)
    answer = api.patch(f"{REST}/{account.user}", {"description": "mine"}, format="json")
    assert (answer.status_code, User.objects.get(pk=account.user_id).first_name) == (400, "nightly training")


def test_a_key_is_made_and_taken_back(world: World, api: APIClient) -> None:
    account = made(world)
    key = api.post(f"{REST}/{account.user}/keys", {"name": "cluster"}, format="json").json()
    assert as_person(key["key"]).get("/api/v1/teams/acme").status_code == 200
    assert api.delete(f"{REST}/{account.user}/keys/{key['id']}").status_code == 204
    assert as_person(key["key"]).get("/api/v1/teams/acme").status_code == 401


def test_keys_that_lead_elsewhere_are_neither_shown_nor_deleted(world: World, api: APIClient) -> None:
    account = made(world)
    wide = store_key(account.user, "of a superuser", "w" * 44)
    assert [key["name"] for key in api.get(f"{REST}/{account.user}/keys").json()["results"]] == ["first key"]
    assert api.delete(f"{REST}/{account.user}/keys/{wide.pk}").status_code == 404


def test_a_removed_account_is_switched_off_and_its_keys_are_gone(world: World, api: APIClient) -> None:
    account = made(world)
    assert api.delete(f"{REST}/{account.user}").status_code == 204
    assert not User.objects.get(pk=account.user_id).is_active
    assert not ApiKey.objects.filter(user=account.user_id).exists()


def test_an_account_that_is_on_another_team_goes_on_there(world: World, api: APIClient) -> None:
    account = made(world)
    Membership.objects.create(team=world.other_team, user=account.user, role=Role.MEMBER)
    store_key(account.user, "elsewhere", "e" * 44)
    api.delete(f"{REST}/{account.user}")
    assert User.objects.get(pk=account.user_id).is_active
    assert list(ApiKey.objects.filter(user=account.user_id).values_list("name", flat=True)) == ["elsewhere"]


def test_a_person_is_no_service_account(world: World, api: APIClient) -> None:
    assert api.post(f"{REST}/bob/keys", {"name": "mine"}, format="json").status_code == 404
