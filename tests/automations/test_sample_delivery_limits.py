"""Tests of messages are few a person and a team, by whatever door: each sends something to somebody."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from pytest_httpserver import HTTPServer

from common.rate_limits import shared_buckets
from common.rate_limits.token_bucket import BucketRate
from tests.conftest import as_person
from tests.pages.people import bell, browser
from tests.world import World

# So slow that nothing is filled up during a test.
ONE, TWO, MANY = BucketRate(0.001, 1), BucketRate(0.001, 2), BucketRate(1000, 100_000)
ACTION = {"team": "acme", "action": {"type": "send_webhook", "webhook": "hook"}, "event": "RUN_STATE"}
INTEGRATION = "/api/v1/teams/acme/integrations/webhook/hook/test"


@pytest.fixture(autouse=True)
def buckets_of_its_own(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, sent_tests_are_not_counted: None
) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    settings.RATE_LIMIT_TESTS_PERSON = settings.RATE_LIMIT_TESTS_TEAM = MANY
    monkeypatch.setattr(caches["default"], "key_prefix", secrets.token_hex(4))
    for store in (shared_buckets._file, shared_buckets._redis):
        store.cache_clear()
    yield
    for store in (shared_buckets._file, shared_buckets._redis):
        store.cache_clear()


def rest(world: World, path: str, body: Any) -> Any:
    return as_person(world.keys["alice"]).post(path, body, format="json")


def page(world: World, path: str, body: dict[str, str]) -> Any:
    return browser(world, "alice").post(path, body)


DOORS = {
    "an integration over REST": lambda world: rest(world, INTEGRATION, {}),
    "an automation over REST": lambda world: rest(world, f"/api/v1/automations/{world.bell.pk}/test", {}),
    "an action over REST": lambda world: rest(world, "/api/v1/automations/test", ACTION),
    "the page of an integration": lambda world: page(
        world, "/acme/integrations/webhook/hook/test", {"event": "run.state", "payload": ""}
    ),
    "the page of an automation": lambda world: page(world, f"/automations/{world.bell.pk}/test", {}),
}


@pytest.fixture
def with_bell(world: World, receiver: HTTPServer) -> World:
    world.webhook(receiver.url_for("/hook"))
    world.bell = bell(world)  # type: ignore[attr-defined]
    return world


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("whose", ["PERSON", "TEAM"])
def test_more_tests_than_are_taken_are_refused_at_every_door_and_send_nothing(
    with_bell: World, receiver: HTTPServer, settings: Any, door: str, whose: str
) -> None:
    setattr(settings, f"RATE_LIMIT_TESTS_{whose}", TWO)
    answers = [DOORS[door](with_bell) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 900 < int(answers[2]["Retry-After"]) <= 1000
    assert "more tests than are taken. Try again in" in answers[2].content.decode()
    assert len(receiver.log) == 2


def test_the_tests_of_one_person_take_nothing_from_another_and_those_of_a_team_do(
    with_bell: World, settings: Any
) -> None:
    path = f"/api/v1/automations/{with_bell.bell.pk}/test"  # type: ignore[attr-defined]
    alice, bob = (as_person(with_bell.keys[name]) for name in ("alice", "bob"))
    settings.RATE_LIMIT_TESTS_PERSON = ONE
    assert [person.post(path).status_code for person in (alice, alice, bob)] == [200, 429, 200]
    settings.RATE_LIMIT_TESTS_PERSON, settings.RATE_LIMIT_TESTS_TEAM = MANY, ONE
    assert [person.post(path).status_code for person in (alice, bob)] == [200, 429]


def test_a_test_that_cannot_be_sent_costs_none(with_bell: World, settings: Any) -> None:
    settings.RATE_LIMIT_TESTS_PERSON = ONE
    wrong = {**ACTION, "action": {"type": "send_webhook", "webhook": "no-such"}}
    assert [rest(with_bell, "/api/v1/automations/test", one).status_code for one in (wrong, wrong, ACTION)] == [
        400, 400, 200
    ]  # fmt: skip
