"""Collections and versions of projects over REST."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from artifacts.models import Collection, Entry, Version
from events.models import Event
from tests.artifacts.making import aliases_of, made
from tests.conftest import as_person
from tests.world import World

COLLECTIONS = "/api/v1/projects/acme/mnist/collections"
MODEL = f"{COLLECTIONS}/model"
VERSIONS = f"{MODEL}/versions"


def send(api: APIClient, address: str, body: Any) -> Any:
    return api.post(address, json.dumps(body), content_type="application/json")


def wrong(answer: Any, status: int = 400) -> tuple[str, Any, str]:
    """Give field, value and message of the one error."""
    assert answer.status_code == status, answer.json()
    (error,) = answer.json()["errors"]
    return error["field"], error["value"], error["message"]


def test_a_collection_is_created_once(api: APIClient, world: World) -> None:
    body = {"name": "model", "type": "model", "description": "The digits"}
    answers = [send(api, COLLECTIONS, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    shown = answers[0].json()
    assert answers[1].json() == shown
    assert shown.pop("created_at")
    assert shown == {**body, "path": "acme/mnist/model", "holds_links": False, "tags": []}


def test_collections_are_listed_newest_first(api: APIClient, world: World) -> None:
    for name in ("a", "b"):
        send(api, COLLECTIONS, {"name": name, "type": "model"})
    assert [row["name"] for row in api.get(COLLECTIONS).json()["results"]] == ["b", "a"]


def test_a_collection_of_another_type_is_a_conflict(api: APIClient, model: Collection) -> None:
    answer = send(api, COLLECTIONS, {"name": "model", "type": "dataset"})
    assert wrong(answer, 409) == (
        "type",
        "dataset",
        "acme/mnist/model holds versions of the type 'model', not 'dataset'. Choose another name.",
    )


def test_a_version_is_added_once(api: APIClient, world: World, model: Collection) -> None:
    world.run("r1")
    body = {"digest": "a", "metadata": {"accuracy": 0.97, "loss": float("nan")}, "aliases": ["best"], "tags": ["eu"]}
    first = send(api, VERSIONS, {**body, "run": "r1", "description": "first"})
    again = send(api, VERSIONS, body)
    assert (first.status_code, again.status_code, Version.objects.count()) == (201, 200, 1)
    shown = first.json()
    assert shown.pop("created_at")
    assert shown == {
        "version": "v0",
        "made_as": "acme/mnist/model:v0",
        "type": "model",
        "digest": "a",
        "description": "first",
        "metadata": {"accuracy": 0.97, "loss": None},
        "aliases": ["best", "latest"],
        "tags": ["eu"],
        "run": "r1",
        "created_by": "alice",
        "expires_at": None,
        "ttl_is_inherited": True,
    }
    assert {event.actor for event in Event.objects.filter(kind="artifact.created")} == {"alice"}


def test_versions_are_listed_newest_first(api: APIClient, model: Collection) -> None:
    for digest in ("a", "b"):
        made(model, digest)
    rows = api.get(VERSIONS).json()["results"]
    assert [(row["version"], row["aliases"]) for row in rows] == [("v1", ["latest"]), ("v0", [])]


def queries_of(api: APIClient, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert api.get(address).status_code == 200
    return len(queries)


def test_a_page_of_versions_takes_as_many_queries_as_one(api: APIClient, model: Collection) -> None:
    made(model, "a", aliases=["x"], tags=["eu"])
    # The first use of a key is noted.
    api.get(VERSIONS)
    before = queries_of(api, VERSIONS)
    for digest in ("b", "c", "d"):
        made(model, digest, aliases=[f"best-{digest}"], tags=["eu"])
    assert queries_of(api, VERSIONS) == before


@pytest.mark.parametrize("name", ["v0", "best"])
def test_a_version_is_found_by_number_and_alias(api: APIClient, model: Collection, name: str) -> None:
    made(model, "a", aliases=["best"])
    made(model, "b")
    assert api.get(f"{VERSIONS}/{name}").json()["digest"] == "a"


@pytest.mark.parametrize("name", ["v1", "none", "v00", "v99999999999999999999"])
def test_a_version_that_is_not_there_is_not_found(api: APIClient, model: Collection, name: str) -> None:
    made(model, "a")
    answer = api.get(f"{VERSIONS}/{name}")
    assert wrong(answer, 404)[2] == f"There is no version {name!r} in acme/mnist/model."


def test_aliases_move_and_go(api: APIClient, model: Collection) -> None:
    made(model, "a", aliases=["best"])
    made(model, "b")
    assert send(api, f"{VERSIONS}/v1/aliases", {"aliases": ["best"]}).json()["aliases"] == ["best", "latest"]
    assert api.delete(f"{VERSIONS}/v1/aliases/best").status_code == 204
    assert api.delete(f"{VERSIONS}/v1/aliases/best").status_code == 404
    assert aliases_of(model) == {"latest": "v1"}


def test_tags_come_and_go(api: APIClient, model: Collection) -> None:
    made(model, "a")
    assert send(api, f"{VERSIONS}/latest/tags", {"tags": ["eu", "two words"]}).json()["tags"] == ["eu", "two words"]
    assert api.delete(f"{VERSIONS}/v0/tags/two%20words").status_code == 204
    assert api.delete(f"{VERSIONS}/v0/tags/two%20words").status_code == 404
    assert Entry.objects.get().tag_names == ["eu"]


def test_collection_tags_come_and_go(api: APIClient, model: Collection) -> None:
    assert send(api, f"{MODEL}/tags", {"tags": ["eu", "us"]}).json()["tags"] == ["eu", "us"]
    assert api.delete(f"{MODEL}/tags/eu").status_code == 204
    assert api.delete(f"{MODEL}/tags/eu").status_code == 404
    assert api.get(MODEL).json()["tags"] == ["us"]


@pytest.mark.parametrize(
    ("address", "body", "field", "value", "message"),
    [
        pytest.param(
            VERSIONS, {"digest": "b", "aliases": ["a", "b/c"]}, "aliases.1", "b/c",
            "'b/c' is no usable alias: use 1 to 128 characters, without / and :, and spaces only between them.",
            id="alias",
        ),
        pytest.param(
            VERSIONS, {"digest": "b", "tags": ["a.b"]}, "tags.0", "a.b",
            "'a.b' is no usable tag: use 1 to 128 letters, digits, hyphens and underscores, "
            "and spaces only between them.",
            id="tag",
        ),
        pytest.param(
            VERSIONS, {"digest": "b", "metadata": [1]}, "metadata", "[1]",
            "[1] is no object. Write it like {\"accuracy\": 0.97}.",
            id="metadata",
        ),
        pytest.param(
            VERSIONS, {"digest": "b", "colour": "x"}, "colour", None,
            "There is no field 'colour' here. Fields are: digest, description, metadata, aliases, tags, run.",
            id="unknown field",
        ),
        pytest.param(
            f"{VERSIONS}/v0/aliases", {"aliases": ["v7"]}, "aliases.0", "v7",
            "'v7' is how versions are numbered. Choose another alias.",
            id="number as alias",
        ),
        pytest.param(
            COLLECTIONS, {"name": "a/b", "type": "model"}, "name", "a/b",
            "'a/b' is no usable name: use 1 to 128 letters, digits, dots, hyphens and underscores, "
            "and spaces only between them.",
            id="collection name",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_field_value_and_remedy(
    api: APIClient, model: Collection, address: str, body: Any, field: str, value: Any, message: str
) -> None:
    made(model, "a")
    before = Event.objects.count()
    found = wrong(send(api, address, body))
    assert (found[0], found[2]) == (field, message)
    assert str(found[1]) == str(value)
    assert (Collection.objects.count(), Version.objects.count(), Event.objects.count()) == (1, 1, before)


def test_removing_latest_is_refused(api: APIClient, model: Collection) -> None:
    made(model, "a")
    assert wrong(api.delete(f"{VERSIONS}/v0/aliases/latest")) == (
        "alias",
        "latest",
        "'latest' stays on the newest version. Remove another alias.",
    )


def test_a_run_that_is_not_there_is_not_found(api: APIClient, model: Collection) -> None:
    assert send(api, VERSIONS, {"digest": "a", "run": "none"}).status_code == 404
    assert Version.objects.count() == 0


def test_a_viewer_reads_and_changes_nothing(world: World, model: Collection) -> None:
    made(model, "a")
    before = Event.objects.count()
    vera = as_person(world.keys["vera"])
    assert vera.get(f"{VERSIONS}/v0").status_code == 200
    answers = [
        send(vera, COLLECTIONS, {"name": "b", "type": "model"}),
        send(vera, VERSIONS, {"digest": "b"}),
        send(vera, f"{VERSIONS}/v0/tags", {"tags": ["eu"]}),
        vera.delete(f"{VERSIONS}/v0/aliases/latest"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert Event.objects.count() == before
