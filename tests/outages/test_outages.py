"""Where the database or the disk is the cause, every API door says so in JSON, with when to come again."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from hashlib import md5
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from common.outages.outage import outage_of
from projects.file_storage import services, signed_links
from projects.models import StoredFile
from tests.processes import free_port
from tests.world import World

# What stands in the places of an address.
_VALUES = {"int": "1", "str": "acme", "path": "file"}
# They answer from what the process holds, whatever the database does.
NO_DATABASE = {"/api/v1/schema", "/api/v1/docs"}
METHODS = ("get", "post", "put", "patch", "delete")
MESSAGE = "The database does not answer at this moment. Nothing was changed. Try again."


def api_doors() -> list[str]:
    """Every address of an API, by the routes, with something in each place of it; those of links are asked below."""

    def walk(patterns: list[Any], before: str) -> Iterator[str]:
        for pattern in patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, here)
            elif isinstance(pattern, URLPattern) and "token" not in here:
                yield "/" + here

    starts = tuple(start for start, door in django_settings.AUDIT_DOORS.items() if door in ("rest", "sdk"))
    return sorted({_filled(path) for path in walk(get_resolver().url_patterns, "") if path.startswith(starts)})


def _filled(route: str) -> str:
    for kind, value in _VALUES.items():
        while f"<{kind}:" in route:
            before, _, rest = route.partition(f"<{kind}:")
            route = before + value + rest.partition(">")[2]
    return route


@pytest.fixture
def away(world: World) -> Iterator[World]:
    """A world whose database, from now on, is a PostgreSQL at a port where nobody listens."""
    there = connections["default"]
    refused = {**there.settings_dict, "NAME": "runbell", "USER": "bell", "PASSWORD": "hunter2", "OPTIONS": {}}
    connections["default"] = DatabaseWrapper({**refused, "HOST": "127.0.0.1", "PORT": str(free_port())}, "default")
    yield world
    connections["default"] = there


def asking(world: World) -> Client:
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {world.keys['alice']}"})


def refusal(answer: Any) -> tuple[int, str | None, str]:
    """Give status, Retry-After and the words, which are JSON of the door's shape."""
    told = json.loads(answer.content)
    return answer.status_code, answer.get("Retry-After"), told["errors"][0]["message"]


@pytest.mark.any_database
def test_every_api_door_says_in_json_that_the_database_is_away(away: World) -> None:
    client, asked = asking(away), 0
    for address in set(api_doors()) - NO_DATABASE:
        body = {"query": "{ viewer { id } }"} if address == "/graphql" else {}
        for method in METHODS:
            answer = client.generic(method.upper(), address, json.dumps(body), content_type="application/json")
            if answer.status_code != 405:
                asked += 1
                assert refusal(answer) == (503, "5", MESSAGE), f"{method} {address}"
    assert asked > 150


@pytest.mark.any_database
def test_a_signed_link_says_it_too(world: World, request: pytest.FixtureRequest) -> None:
    alice = world.users["alice"]
    stored = StoredFile.objects.create(team=world.team, key="x", size=1)
    sent = signed_links.upload_url(world.team, md5(b"x").hexdigest(), by=alice)
    fetched = signed_links.download_url(stored, "weights.bin", by=alice)
    request.getfixturevalue("away")
    client = asking(world)
    assert refusal(client.generic("PUT", sent.removeprefix(django_settings.RUNBELL_URL), b"x")) == (503, "5", MESSAGE)
    assert refusal(client.get(fetched.removeprefix(django_settings.RUNBELL_URL))) == (503, "5", MESSAGE)


@pytest.mark.any_database
def test_a_page_says_it_in_the_look_of_the_others(away: World) -> None:
    client = Client(raise_request_exception=False)
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "s" * 32
    answer = client.get("/acme")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "/static/build/app" in answer.content.decode()
    assert MESSAGE in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_full_database_is_told_at_each_door_that_writes(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite says when it is full; of PostgreSQL the code is tested below")
    world.run("run1")
    text = "x" * 1_000_000
    rows = {"offset": 0, "rows": [{"_step": 1, "note": text}]}
    stream = {"files": {"wandb-history.jsonl": {"offset": 0, "content": [json.dumps({"_step": 0, "note": text})]}}}
    query = 'mutation($c: JSONString!) { upsertBucket(input: {name: "run1", modelName: "mnist", entityName: "acme", config: $c}) { bucket { id } } }'  # noqa: E501
    graph = {"query": query, "variables": {"c": json.dumps({"note": {"value": text}})}}
    posts = {
        "/api/v1/projects/acme/mnist/runs/run1/history": rows,
        "/files/acme/mnist/run1/file_stream": stream,
        "/graphql": graph,
    }
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (count,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {count}")
        try:
            found = {
                path: refusal(asking(world).generic("POST", path, json.dumps(body), content_type="application/json"))
                for path, body in posts.items()
            }
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    full = (507, "60", "The disk of the server is full. Nothing was changed. Its operator makes room.")
    assert found == dict.fromkeys(posts, full)


def test_a_full_disk_is_told_to_who_uploads_and_keeps_nothing(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel's own full device, in the place of the file that is to be written.
    monkeypatch.setattr(services, "new_key", lambda team: "full/disk")
    folder = settings.DATA_DIR / "artifacts" / "full"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "disk.part").symlink_to("/dev/full")
    url = signed_links.upload_url(world.team, md5(b"x").hexdigest(), by=world.users["alice"])
    answer = asking(world).generic("PUT", url.removeprefix(settings.RUNBELL_URL), b"x")
    assert refusal(answer)[:2] == (507, "60")
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    "state, status",
    [("53100", 507), ("53300", 503), ("57P01", 503), ("08006", 503), ("40P01", 503), ("42P01", None), ("23505", None)],
)
def test_postgresql_says_by_its_code_what_is_the_cause(state: str, status: int | None) -> None:
    error = OperationalError()
    error.__cause__ = psycopg.errors.lookup(state)()
    found = outage_of(error)
    assert (found.status if found else None) == status


def test_what_is_asked_wrongly_is_no_outage() -> None:
    assert [outage_of(error) for error in (ValueError(), IntegrityError(), OSError(errno.EACCES, ""), None)] == [
        None
    ] * 4
