"""Who sends too much is told to wait, at every door, and nobody else notices."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from common.rate_limits import shared_buckets
from common.rate_limits.token_bucket import Bucket, BucketRate
from config import settings as ours
from teams.accounts.api_key import create_key
from tests.conftest import as_person
from tests.world import World

# So slow that nothing is filled up during a test.
FEW, MANY = BucketRate(0.001, 3), BucketRate(1000, 100_000)
VIEWER = json.dumps({"query": "{ viewer { id } }"})


@pytest.fixture(autouse=True)
def buckets_of_its_own(tmp_path: Path, settings: Any, monkeypatch: Any) -> Iterator[None]:
    """Full ones: what other tests sent does not count here."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(caches["default"], "key_prefix", secrets.token_hex(4))
    for store in (shared_buckets._file, shared_buckets._redis):
        store.cache_clear()
    yield
    for store in (shared_buckets._file, shared_buckets._redis):
        store.cache_clear()


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    for name in ("ADDRESS", "KEY", "PERSON", "WRONG_KEYS"):
        setattr(settings, f"RATE_LIMIT_{name}", MANY)


def bearer(key: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


DOORS = {
    "REST": lambda client, **headers: client.get("/api/v1/me", **headers),
    "GraphQL": lambda client, **headers: client.post("/graphql", VIEWER, "application/json", **headers),
    "file_stream": lambda client, **headers: client.post(
        "/files/acme/mnist/run1/file_stream", "{}", "application/json", **headers
    ),
    "a page": lambda client, **headers: client.get("/sign-in", **headers),
    "what is nowhere": lambda client, **headers: client.get("/no/such/thing", **headers),
}


@pytest.mark.parametrize("door", DOORS)
def test_an_address_that_sends_too_much_waits_at_every_door(world: World, settings: Any, door: str) -> None:
    settings.RATE_LIMIT_ADDRESS = FEW
    client = Client(REMOTE_ADDR="198.51.100.9")
    for _ in range(3):
        assert DOORS[door](client).status_code != 429
    answer = DOORS[door](client)
    assert answer.status_code == 429
    assert 900 < int(answer["Retry-After"]) <= 1000
    assert f"Try again in {answer['Retry-After']} seconds." in answer.content.decode()
    assert DOORS[door](Client(REMOTE_ADDR="198.51.100.10")).status_code != 429


@pytest.mark.parametrize("door", ["REST", "GraphQL", "file_stream"])
def test_a_key_that_sends_too_much_waits_and_other_keys_do_not(world: World, settings: Any, door: str) -> None:
    world.run()
    settings.RATE_LIMIT_KEY = FEW
    alice, bob = bearer(world.keys["alice"]), bearer(world.keys["bob"])
    assert [DOORS[door](Client(), **alice).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert DOORS[door](Client(), **bob).status_code == 200


def test_a_key_is_one_however_it_is_sent(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_KEY = FEW
    client, key = Client(), world.keys["alice"]
    basic = {"HTTP_AUTHORIZATION": _basic(key)}
    sent = [bearer(key), basic, {"HTTP_AUTHORIZATION": f"bearer  {key}"}, basic]
    assert [client.get("/api/v1/me", **headers).status_code for headers in sent] == [200, 200, 200, 429]


def test_a_person_waits_by_all_keys_and_browsers_together(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_PERSON = FEW
    _second, plain = create_key(world.users["alice"], "second")
    assert as_person(world.keys["alice"]).get("/api/v1/me").status_code == 200
    assert as_person(plain).get("/api/v1/me").status_code == 200
    browser = Client()
    browser.force_login(world.users["alice"])
    assert browser.get("/profile").status_code == 200
    assert browser.get("/profile").status_code == 429
    assert as_person(plain).get("/api/v1/me").status_code == 429
    assert Client().post("/graphql", VIEWER, "application/json", **bearer(plain)).status_code == 429
    assert as_person(world.keys["bob"]).get("/api/v1/me").status_code == 200


def test_whoever_is_refused_costs_no_statement(world: World, settings: Any, django_assert_num_queries: Any) -> None:
    settings.RATE_LIMIT_PERSON = FEW
    client = as_person(world.keys["alice"])
    for _ in range(3):
        client.get("/api/v1/me")
    with django_assert_num_queries(0):
        assert client.get("/api/v1/me").status_code == 429


def test_wrong_keys_wait_and_right_ones_from_the_same_address_do_not(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_WRONG_KEYS = FEW
    answers = [as_person(f"rb{number:044}").get("/api/v1/me").status_code for number in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    assert as_person(world.keys["alice"]).get("/api/v1/me").status_code == 200
    elsewhere = Client(REMOTE_ADDR="198.51.100.10")
    assert elsewhere.get("/api/v1/me", **bearer("rb" + "x" * 44)).status_code == 401


def test_each_door_says_it_in_its_own_form(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_ADDRESS = BucketRate(0.001, 1)
    client = Client(REMOTE_ADDR="198.51.100.9")
    client.get("/sign-in")
    rest, sdk, page = (DOORS[door](client) for door in ("REST", "GraphQL", "a page"))
    message = rest.json()["detail"]
    assert message.startswith("This address, API key or person sends more requests than are taken. Try again in ")
    assert rest.json()["errors"] == [{"field": "request", "value": None, "message": message}]
    (error,) = sdk.json()["errors"]
    assert (error["message"][:60], error["extensions"]) == (message[:60], {"code": "TOO_MANY_REQUESTS"})
    assert "<h1>Too many requests</h1>" in page.content.decode()


def test_health_is_told_however_often_it_is_asked(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_ADDRESS = BucketRate(0.001, 1)
    assert {Client(REMOTE_ADDR="198.51.100.9").get("/healthz").status_code for _ in range(5)} == {200}


def test_ten_minutes_of_200_scripts_with_one_key_behind_one_address_pass_however_fast_they_come() -> None:
    """As `make bench ONLY=fleet` sends them: 200 starts of ten requests, 40 posts each; by what is set by default."""
    rates = (ours.RATE_LIMIT_ADDRESS, ours.RATE_LIMIT_KEY, ours.RATE_LIMIT_PERSON)
    buckets = [Bucket(name, rate) for name, rate in zip(("address", "key", "person"), rates, strict=True)]
    file = shared_buckets._file()
    assert {file.take(buckets, 1.0) for _ in range(200 * (10 + 40))} == {0}


@pytest.mark.databases
def test_while_redis_is_away_each_host_counts_for_itself(world: World, settings: Any) -> None:
    settings.REDIS_URL, settings.RATE_LIMIT_ADDRESS = "redis://127.0.0.1:1/0", FEW
    client = Client(REMOTE_ADDR="198.51.100.9")
    assert [client.get("/sign-in").status_code for _ in range(4)] == [200, 200, 200, 429]
    shared_buckets._redis_again_at[0] = 0.0


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
