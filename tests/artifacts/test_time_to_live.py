"""The time to live (TTL) of versions: whose default, when it is over, and what is kept all the same."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from artifacts.models import Collection, Version
from artifacts.services import link
from artifacts.time_to_live import delete_expired_versions, policy_of, set_policy, set_ttl
from teams.models import AuditEvent
from tests.artifacts.making import aliases_of, made
from tests.world import World

DAY = 86_400


def make_older(version: Version, days: int) -> None:
    """As if it had been made so many days ago."""
    past = timedelta(days=days)
    values: dict[str, Any] = {"created_at": version.created_at - past}
    if version.expires_at is not None:
        values["expires_at"] = version.expires_at - past
    Version.objects.filter(pk=version.pk).update(**values)


def test_a_version_is_deleted_when_its_time_is_over(model: Collection, caplog: pytest.LogCaptureFixture) -> None:
    old, new = made(model, "d1", aliases=["best"]).version, made(model, "d2").version
    for version in (old, new):
        set_ttl(version, 2 * DAY)
    make_older(old, 3)
    make_older(new, 1)
    with caplog.at_level(logging.INFO, "artifacts"):
        assert (delete_expired_versions(), delete_expired_versions()) == (1, 0)
    assert list(model.versions.all()) == [new]
    assert aliases_of(model) == {"latest": "v1"}
    assert "The time to live of acme/mnist/model:v0 is over: it is deleted." in caplog.text


def test_a_linked_version_is_kept_until_it_is_unlinked(model: Collection, production: Collection) -> None:
    version = made(model, "d1").version
    set_ttl(version, DAY)
    placed = link(version, production)
    make_older(version, 3)
    assert delete_expired_versions() == 0
    placed.entry.delete()
    assert delete_expired_versions() == 1


def test_the_teams_default_holds_for_what_is_there_and_for_what_comes(world: World, model: Collection) -> None:
    there, own = made(model, "d1").version, made(model, "d2").version
    set_ttl(own, 0)
    set_policy(world.team, default_seconds=DAY, members_may_set=True)
    comes = made(model, "d3").version
    assert [version.ttl_seconds for version in model.versions.order_by("index")] == [DAY, None, DAY]
    make_older(there, 0)
    for version in (there, own, comes):
        version.refresh_from_db()
        make_older(version, 3)
    assert delete_expired_versions() == 2
    set_policy(world.team, default_seconds=None, members_may_set=True)
    assert made(model, "d4").version.expires_at is None


def test_another_teams_default_is_none_of_ours(world: World, model: Collection) -> None:
    version = made(model, "d1").version
    set_policy(world.other_team, default_seconds=DAY, members_may_set=True)
    make_older(version, 3)
    assert delete_expired_versions() == 0


def test_an_admin_changes_the_rule_over_rest_and_the_audit_log_tells_of_it(world: World, api: APIClient) -> None:
    address = "/api/v1/teams/acme/artifact-ttl"
    assert api.get(address).json() == {"default_seconds": None, "members_may_set": True}
    rule = {"default_seconds": DAY, "members_may_set": False}
    assert api.put(address, rule, format="json").json() == rule
    assert policy_of(world.team).default_seconds == DAY
    told = AuditEvent.objects.get(verb="artifact_ttl.change")
    assert (told.before, told.after) == ({"default_seconds": None, "members_may_set": True}, rule)
    refused = api.put(address, {"default_seconds": 0, "members_may_set": True}, format="json")
    assert (refused.status_code, "default_seconds" in str(refused.json())) == (400, True)


def test_rest_and_the_page_say_when_a_version_is_deleted(world: World, model: Collection, api: APIClient) -> None:
    version = made(model, "d1").version
    set_ttl(version, DAY)
    found = api.get("/api/v1/projects/acme/mnist/collections/model/versions/v0").json()
    end = version.created_at + timedelta(days=1)
    assert (found["expires_at"], found["ttl_is_inherited"]) == (end.isoformat().replace("+00:00", "Z"), False)
    assert end > timezone.now()
    signed_in = Client()
    signed_in.force_login(world.users["alice"])
    page = signed_in.get("/acme/mnist/artifacts/model/model/v0").content.decode()
    assert "Time to live" in page and "kept while it is linked" not in page


PAGE = "/profile/teams/acme/artifact-ttl"


def test_admins_change_the_default_on_its_page_and_versions_follow(world: World, model: Collection) -> None:
    version = made(model, "d1").version
    alice, bob = Client(), Client()
    alice.force_login(world.users["alice"])
    bob.force_login(world.users["bob"])
    assert "kept for good, where they say nothing else" in alice.get("/settings/").content.decode()
    assert alice.post(PAGE, {"amount": "36", "unit": "3600"}).status_code == 302
    assert (policy_of(world.team).default_seconds, policy_of(world.team).members_may_set) == (36 * 3600, False)
    version.refresh_from_db()
    assert version.expires_at == version.created_at + timedelta(hours=36)
    assert "deleted after 1 d 12 h" in alice.get("/settings/").content.decode()
    assert 'value="36"' in alice.get(PAGE).content.decode()
    assert "(the team&#x27;s default)" in bob.get(version.entries.get().get_absolute_url()).content.decode().replace(
        "'", "&#x27;"
    )
    assert bob.post(PAGE, {"amount": "", "unit": "3600"}).status_code == 403
    assert alice.post(PAGE, {"amount": "", "unit": "3600", "members_may_set": "on"}).status_code == 302
    version.refresh_from_db()
    assert (version.expires_at, policy_of(world.team).members_may_set) == (None, True)


@pytest.mark.parametrize("sent", [{"amount": "0"}, {"amount": "x"}, {"amount": "99999999"}, {"unit": "7"}])
def test_a_length_that_is_none_is_refused_at_its_field(world: World, sent: dict[str, str]) -> None:
    alice = Client()
    alice.force_login(world.users["alice"])
    answer = alice.post(PAGE, {"amount": "1", "unit": "86400", **sent})
    assert (answer.status_code, "field wrong" in answer.content.decode()) == (422, True)
    assert policy_of(world.team).pk is None
