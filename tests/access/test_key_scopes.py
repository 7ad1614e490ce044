"""Keys that may less than their people: a scope, one team, ranges of addresses; and who may close a team to one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.former_addresses import Gone
from teams.accounts.api_key import KeyLimits, create_key
from teams.accounts.key_scopes import KeyScope, is_from
from teams.models import ApiKey, AuditEvent, Team
from tests.world import FAILED, World
from wandb_api.graphql import key_scopes
from wandb_api.graphql.schema import schema

pytestmark = pytest.mark.any_database

_VALUES = {"str": "acme", "int": "1", "path": "acme", "slug": "acme"}
_SAYS = "This takes an API key with the scope"
RUN = "/api/v1/projects/acme/mnist/runs"


def client(world: World, person: str = "alice", **limits: Any) -> APIClient:
    """Give a client that shows a new key of the person, with these limits."""
    _key, plain = create_key(world.users[person], "narrow", KeyLimits(**limits))
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return api


def _operations(patterns: Any = None, before: str = "/") -> Iterator[tuple[str, str, Any]]:
    """Give each method of REST that changes or sends something, with an address and its view."""
    for pattern in patterns or get_resolver().url_patterns:
        route = getattr(pattern.pattern, "_route", "")
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            route = route.replace(f"<{kind}:{name}>", _VALUES[kind])
        if isinstance(pattern, URLResolver):
            yield from _operations(pattern.url_patterns, before + route)
        elif isinstance(pattern, URLPattern) and (before + route).startswith("/api/v1/"):
            view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
            for method in ("post", "put", "patch", "delete"):
                if view is not None and view is not Gone and hasattr(view, method):
                    yield method, before + route, view


OPERATIONS = list(_operations())


def test_there_are_operations_of_every_scope() -> None:
    assert len(OPERATIONS) > 50
    assert {getattr(view, "key_scope", KeyScope.ALL) for _method, _address, view in OPERATIONS} == set(KeyScope)


@pytest.mark.parametrize("scope", list(KeyScope))
def test_each_operation_takes_a_key_of_its_scope_and_refuses_every_other(scope: KeyScope, world: World) -> None:
    api = client(world, scope=scope)
    wrong = []
    for method, address, view in OPERATIONS:
        needed = getattr(view, "key_scope", KeyScope.ALL)
        answer = getattr(api, method)(address, {}, format="json")
        said = answer.content.decode() if answer.content else ""
        may = scope in (needed, KeyScope.ALL) or needed == KeyScope.READ
        if may == (_SAYS in said) or (not may and answer.status_code != 403):
            wrong.append((method, address, answer.status_code, said[:80]))
    assert wrong == []


@pytest.mark.parametrize("name", sorted(schema.mutation_type.fields))  # type: ignore[union-attr]
@pytest.mark.parametrize("scope", list(KeyScope))
def test_each_mutation_asks_the_key(scope: KeyScope, name: str) -> None:
    assert schema.mutation_type is not None
    user = SimpleNamespace(shown_key=SimpleNamespace(scope=scope))
    info = SimpleNamespace(context=SimpleNamespace(user=user))
    needed = key_scopes.needed(name)
    resolve: Any = schema.mutation_type.fields[name].resolve
    if scope in (needed, KeyScope.ALL):
        # It goes on to its own work, which finds none of what it is asked for here.
        with pytest.raises(Exception) as error:
            resolve(None, info, input={})
        assert _SAYS not in str(error.value)
    else:
        with pytest.raises(PermissionDenied, match=_SAYS):
            resolve(None, info, input={})


def test_a_key_to_read_reads_and_cannot_post_to_the_file_stream(world: World) -> None:
    world.run("run1")
    api = client(world, scope="read")
    assert api.get(RUN).status_code == 200
    answer = api.post("/files/acme/mnist/run1/file_stream", {"files": {}}, format="json")
    assert (answer.status_code, _SAYS in answer.content.decode()) == (403, True)
    logging = client(world, scope="log")
    assert logging.post("/files/acme/mnist/run1/file_stream", {"files": {}}, format="json").status_code == 200


def test_a_key_to_log_logs_and_touches_no_automation(world: World) -> None:
    world.webhook("https://hooks.example.test/in")
    automation = world.automation(FAILED)
    api = client(world, scope="log")
    assert api.post(RUN, {"name": "r2"}, format="json").status_code == 201
    assert api.delete(f"/api/v1/automations/{automation.pk}").status_code == 403
    assert client(world, scope="automations").delete(f"/api/v1/automations/{automation.pk}").status_code == 204


def test_a_browser_shows_no_key_and_may_all_that_its_person_may(world: World) -> None:
    browser = Client()
    browser.force_login(world.users["alice"])
    assert browser.post("/api/v1/api-keys", json.dumps({"name": "x"}), "application/json").status_code == 201


# One team ------------------------------------------------------------------------------------------------


@pytest.fixture
def two_teams(world: World) -> World:
    """Alice is an admin of both teams."""
    world.other_team.memberships.create(user=world.users["alice"], role="admin")
    return world


def test_a_key_of_one_team_finds_the_other_nowhere(two_teams: World) -> None:
    api = client(two_teams, team=two_teams.team)
    assert [one["team"] for one in api.get("/api/v1/me").json()["teams"]] == ["acme"]
    assert [one["name"] for one in api.get("/api/v1/teams").json()["results"]] == ["acme"]
    assert api.get("/api/v1/projects/acme").status_code == 200
    assert api.get("/api/v1/projects/other").status_code == 404
    assert api.post("/api/v1/projects/other", {"name": "x"}, format="json").status_code == 404
    answer = api.post("/graphql", {"query": "{ viewer { teams { edges { node { name } } } } }"}, format="json")
    assert [edge["node"]["name"] for edge in answer.json()["data"]["viewer"]["teams"]["edges"]] == ["acme"]


def test_a_key_of_one_team_is_no_admin_of_the_organization(two_teams: World) -> None:
    two_teams.team.organization.admins.add(two_teams.users["alice"])
    address = f"/api/v1/registries/{two_teams.team.organization.name}"
    assert client(two_teams).post(address, {"name": "made"}, format="json").status_code == 201
    narrow = client(two_teams, team=two_teams.team)
    assert narrow.post(address, {"name": "not"}, format="json").status_code == 403
    assert narrow.get(address).status_code == 200


# Addresses -------------------------------------------------------------------------------------------------


def test_a_key_is_refused_from_elsewhere(world: World) -> None:
    api = client(world, networks="10.1.0.0/16")
    assert api.get("/api/v1/me", REMOTE_ADDR="10.1.2.3").status_code == 200
    answer = api.get("/api/v1/me", REMOTE_ADDR="10.2.0.1")
    assert (answer.status_code, "may not be used from this address" in answer.json()["detail"]) == (401, True)


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [("10.0.0.1", "", True), (None, "", True), (None, "10.0.0.0/8", False), ("::1", "10.0.0.0/8 ::1/128", True)],
)
def test_without_ranges_every_address_may(address: str | None, networks: str, may: bool) -> None:
    assert is_from(address, networks) is may


def test_a_range_that_cannot_be_read_is_refused_with_the_field(world: World) -> None:
    answer = client(world).post("/api/v1/api-keys", {"name": "x", "networks": "10.0.0.1/8"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "networks")


# No key makes one that may more ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "wanted", "field"),
    [
        ({"expires_at": timezone.now() + timedelta(days=1)}, {}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=1)}, {"expires_at": "2099-01-01T00:00:00Z"}, "expires_at"),
        ({"networks": "10.1.0.0/16"}, {"networks": "0.0.0.0/1"}, "networks"),
    ],
)
def test_a_key_makes_none_that_may_more(world: World, own: Any, wanted: Any, field: str) -> None:
    api = client(world, **own)
    answer = api.post("/api/v1/api-keys", {"name": "x", **wanted}, format="json", REMOTE_ADDR="10.1.0.1")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert ApiKey.objects.filter(name="x").count() == 0


def test_a_key_of_one_team_makes_keys_of_that_team(two_teams: World) -> None:
    api = client(two_teams, team=two_teams.team)
    assert api.post("/api/v1/api-keys", {"name": "x"}, format="json").json()["team"] == "acme"
    answer = api.post("/api/v1/api-keys", {"name": "y", "team": "other"}, format="json")
    assert answer.status_code == 404


# A team's admins ----------------------------------------------------------------------------------------------


def test_an_admin_lists_the_keys_that_reach_the_team_and_closes_it_to_one(two_teams: World) -> None:
    bob = two_teams.users["bob"]
    key, plain = create_key(bob, "lost-laptop")
    admin, theirs = client(two_teams), APIClient()
    theirs.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    listed = admin.get("/api/v1/teams/acme/api-keys").json()["results"]
    assert ("bob", "lost-laptop") in [(one["user"], one["name"]) for one in listed]
    assert plain not in json.dumps(listed)
    assert theirs.get("/api/v1/projects/acme").status_code == 200

    assert admin.delete(f"/api/v1/teams/acme/api-keys/{key.pk}").status_code == 204

    assert theirs.get("/api/v1/projects/acme").status_code == 404
    assert theirs.get("/api/v1/me").status_code == 200
    row = AuditEvent.objects.filter(verb="key.close").get()
    assert (row.team, row.actor) == (two_teams.team, "alice")
    assert admin.delete(f"/api/v1/teams/acme/api-keys/{key.pk}").status_code == 404


def test_a_member_sees_no_keys_of_others_and_a_key_that_reaches_another_team_only_is_not_listed(
    two_teams: World,
) -> None:
    assert client(two_teams, "bob").get("/api/v1/teams/acme/api-keys").status_code == 403
    create_key(two_teams.users["alice"], "elsewhere", KeyLimits(team=Team.objects.get(name="other")))
    listed = client(two_teams).get("/api/v1/teams/acme/api-keys").json()["results"]
    assert "elsewhere" not in [one["name"] for one in listed]


def test_the_same_in_team_settings(two_teams: World) -> None:
    key, _plain = create_key(two_teams.users["bob"], "lost-laptop")
    browser = Client()
    browser.force_login(two_teams.users["alice"])
    page = "/settings/teams/teamkey/"
    assert "lost-laptop" in browser.get(page).content.decode()
    shown = browser.get(f"{page}{key.pk}/delete/").content.decode()
    assert "no longer reach your team" in shown
    browser.post(f"{page}{key.pk}/delete/", {"post": "yes"})
    assert ApiKey.objects.get(pk=key.pk).closed_to == [two_teams.team.pk]
    browser.get(page)  # says that it is done
    assert "lost-laptop" not in browser.get(page).content.decode()
    stranger = Client()
    stranger.force_login(two_teams.users["charlie"])
    assert stranger.get(f"{page}{key.pk}/delete/", follow=True).status_code in (200, 403, 404)
    assert ApiKey.objects.filter(pk=key.pk).exists()
