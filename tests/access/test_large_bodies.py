"""Bodies of very many values, at every door that parses: refused before anything is built of them.

Doors come from the URL resolver by the rows of the matrix: what is new is tried by itself.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any

import pytest
from django.conf import LazySettings

from tests.access.place import address, with_key
from tests.access.routes import MATRIX
from tests.access.test_matrix import REST, rest_rows
from tests.world import World

MIB = 2**20
SIZE = 4 * MIB
FILE_STREAM = "/files/acme/mnist/run1/file_stream"
HISTORY = b'{"files":{"wandb-history.jsonl":{"offset":0,"content":["%s"]}}}'
SUMMARY = b'{"files":{"wandb-summary.json":{"offset":0,"content":["%s"]}}}'


def many(value: bytes, around: bytes = b"%s") -> bytes:
    """Give the value as often as fits, in a list in an object, and that in another."""
    return around.replace(b"%s", b'{"a":[' + (value + b",") * (SIZE // (len(value) + 1)) + value + b"]}")


def in_text(value: bytes, around: bytes) -> bytes:
    return around.replace(b"%s", many(value).replace(b'"', b'\\"'))


QUERY = b'{"query":"{viewer{id}}","variables":%s}'
CONFIG = (
    b'{"query":"mutation($config: JSONString) { upsertBucket(input: {name: \\"run1\\", entityName: \\"acme\\", '
    b'modelName: \\"mnist\\", config: $config}) { inserted } }","variables":{"config":"%s"}}'
)
ROWS = [row for row in MATRIX if row.startswith(("POST", "PUT", "PATCH"))]
OBJECTS, NUMBERS = many(b"{}"), many(b"1")


def cost(client: Any, method: str, path: str, body: bytes, **options: Any) -> tuple[int, Any, float]:
    """Give the status, what was said, and the most MiB that were taken at once."""
    tracemalloc.start(1)
    try:
        answer = client.generic(method, path, body, content_type="application/json", **options)
        return answer.status_code, json.loads(answer.content), tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def test_every_door_of_rest_is_walked() -> None:
    assert set(ROWS) == {row for row in rest_rows() if row.startswith(("POST", "PUT", "PATCH"))}


@pytest.mark.parametrize("person", ["anonymous", "charlie"])
def test_no_door_of_rest_builds_anything_of_a_body_of_too_many_values(place: World, person: str) -> None:
    client, wrong = with_key(place, person), []
    for row in ROWS:
        method, _, route = row.partition(" ")
        status, said, peak = cost(client, method, f"/{REST}{address(route, place)}", OBJECTS)
        refusals = (401, 403) if person == "anonymous" else (403, 404, 413)
        # What takes no body does not look at it.
        if status not in refusals and status != MATRIX[row][1][1]:
            wrong.append((row, status))
        if status == 413 and "1000000 values (RUNBELL_MOST_VALUES)" not in said["detail"]:
            wrong.append((row, said))
        # The test client's own copy is one of them.
        if peak > 2 * SIZE / MIB + 4:
            wrong.append((row, peak))
    assert wrong == []


@pytest.mark.parametrize("body", [OBJECTS, NUMBERS], ids=["objects", "numbers"])
def test_making_an_automation_refuses_too_many_values_with_the_setting(place: World, body: bytes) -> None:
    status, said, peak = cost(with_key(place, "charlie"), "POST", "/api/v1/automations", body)
    message = "It holds more than 1000000 values (RUNBELL_MOST_VALUES), the most that a body may hold."
    assert (status, said["errors"]) == (
        413, [{"field": "body", "value": None, "message": f"{message} Send less at once."}],
    )  # fmt: skip
    assert peak < 2 * SIZE / MIB + 4


SDK = {
    "a stranger's query": ("anonymous", "/graphql", many(b"{}", QUERY), 413, "64 KiB (RUNBELL_ANONYMOUS_BODY_KB)"),
    "a query": ("charlie", "/graphql", many(b"{}", QUERY), 413, "1000000 values (RUNBELL_MOST_VALUES)"),
    "a config in a query": ("bob", "/graphql", in_text(b"{}", CONFIG), 413, "1000000 lists and objects"),
    "a stranger's post": ("anonymous", FILE_STREAM, in_text(b"{}", HISTORY), 401, "Send an API key"),
    "an outsider's post": ("charlie", FILE_STREAM, many(b"{}"), 404, ""),
    "a post": ("bob", FILE_STREAM, many(b"{}"), 413, "1000000 values (RUNBELL_MOST_VALUES)"),
    "a row in a post": ("bob", FILE_STREAM, in_text(b"{}", HISTORY), 413, "1000000 lists and objects"),
    "a summary in a post": ("bob", FILE_STREAM, in_text(b"{}", SUMMARY), 413, "1000000 lists and objects"),
}


@pytest.mark.parametrize("what", SDK)
def test_no_door_of_the_sdk_builds_anything_of_too_many_values(place: World, what: str) -> None:
    person, path, body, expected, words = SDK[what]
    status, said, peak = cost(with_key(place, person), "POST", path, body)
    assert (status, words in said["errors"][0]["message"]) == (expected, True), said
    # The body, as bytes and as text, and where JSON stands in a text of it, that too, in each of both forms.
    assert peak < 5 * SIZE / MIB + 4


def test_nothing_is_unpacked_for_strangers(place: World) -> None:
    packed = gzip.compress(many(b"{}"))
    status, _said, peak = cost(
        with_key(place, "anonymous"), "POST", FILE_STREAM, packed, headers={"Content-Encoding": "gzip"}
    )
    assert status == 401
    assert peak < 2


def test_a_body_of_rest_has_as_many_bytes_as_any_other(place: World, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = MIB
    body = json.dumps({"name": "x" * MIB}).encode()
    status, said, _peak = cost(with_key(place, "charlie"), "POST", "/api/v1/automations", body)
    assert (status, said["errors"][0]["field"]) == (413, "body")
    assert "It has more than 1 MiB" in said["detail"]


def test_what_a_script_prints_and_logs_counts_for_nothing(place: World, settings: LazySettings) -> None:
    settings.MOST_VALUES = 1000
    row = json.dumps({"loss": 1, "hist": list(range(5000)), "said": '[{"' * 2000 + "\ud800"})
    files = {
        "output.log": {"offset": 0, "content": ['{[,"\\' * 1000]},
        "wandb-history.jsonl": {"offset": 0, "content": [row]},
    }
    status, said, _peak = cost(with_key(place, "bob"), "POST", FILE_STREAM, json.dumps({"files": files}).encode())
    assert status == 200, said
