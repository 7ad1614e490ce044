"""Hostile values in every address, query, body and form: a client's mistake is a 4xx that says where, never a 500.

Addresses come from the URL resolver, fields from the rows of the matrix and from OpenAPI, names of query parameters
from the code that reads them: what is new is tried by itself.
"""

from __future__ import annotations

import copy
import json
import logging
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.access.place import address, with_key, with_session
from tests.access.routes import MATRIX, PAGES, QUERIES
from tests.access.test_matrix import REST
from tests.architecture.source_tree import source_texts
from tests.hostile_values import BRIEF, TEXTS, VALUES, named, nested, of_this_database, part_for
from tests.world import World

_READ = re.compile(r"""(?:GET|query_params)(?:\.get|\.getlist)?[(\[]\s*["'](\w+)["']""")
PARAMETERS = sorted({name for text in source_texts().values() for name in _READ.findall(text)})
_OF_LISTS = ("after", "before", "page", "cursor")


def quoted() -> list[str]:
    """Give the texts as they stand in an address, bytes that are no UTF-8 among them."""
    found = [quote(text.encode("utf-8", "surrogatepass"))[:4000] for text in of_this_database(TEXTS)]
    return [*found, "%FF%FE", "%ED%A0%80", "%", "-0", "1.5"]


def cursors() -> list[str]:
    """Give the texts where a cursor has them: inside its encoding, in each of its places."""
    said = [f"{place}={value}" for value in quoted() for place in ("p", "r=1&p")] + ["o=1&p=", "r=x", "o=-1", "p", ""]
    return [b64encode(one.encode()).decode() for one in said]


# Each serializer is handed these; the others end where bodies are parsed.
SHORT_BODIES = [b"", b"null", b"[]", b"1", b'"x"', b'{"a":1}', b'{"": {}}']
BODIES = [
    *SHORT_BODIES, b"{", b"\xff", b"[" * 90_000, b'{"a":' * 90_000,
    b'{"a":' * 600 + b"1" + b"}" * 600, b'{"\\ud800": "\\ud800"}', b'{"a": NaN}', b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": 1, "a": 2}', b'{"\\u0000": 1}',
]  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return found


class Watched:
    """Sends requests, each taken back, and notes those that end in a server error or a traceback."""

    def __init__(self, client: Any, caplog: pytest.LogCaptureFixture, usual: int = 200) -> None:
        """Send as this client; what the address says to everybody, as a probe that finds no worker, is no error."""
        self.client, self.caplog, self.usual = client, caplog, usual
        self.failed: list[tuple[str, str, int]] = []
        client.raise_request_exception = False
        caplog.set_level(logging.WARNING)

    def send(self, method: str, path: str, said: Any, body: Any = b"") -> None:
        self.caplog.clear()
        with transaction.atomic():
            answer = self.client.generic(method, path, body, content_type="application/json")
            transaction.set_rollback(True)
        is_error = answer.status_code >= 500 and answer.status_code != self.usual
        if is_error or any(record.exc_info for record in self.caplog.records):
            self.failed.append((path[:120], named(said), answer.status_code))


def leaves(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of everything in a body."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    found = copy.deepcopy(body)
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return found


def operation_of(document: dict[str, Any], row: str) -> dict[str, Any]:
    """Give what OpenAPI says of a row of the matrix."""
    method, _, route = row.partition(" ")
    path = re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{REST}{route}")
    methods = document["paths"].get(path) or document["paths"].get(path.replace("{pk}", "{id}"), {})
    found: dict[str, Any] = methods.get(method.lower(), {})
    return found


def fields_of(document: dict[str, Any], row: str) -> tuple[str, set[str]]:
    """Give the name of a request's body by OpenAPI, and its fields. A PATCH takes the same, all of it optional."""
    content = operation_of(document, row).get("requestBody", {}).get("content", {})
    shape, name = content.get("application/json", {}).get("schema", {}), row
    for part in [shape.get("$ref", ""), *(one.get("$ref", "") for one in shape.get("oneOf", []))]:
        if (component := part.rpartition("/")[2]) in document["components"]["schemas"]:
            shape, name = document["components"]["schemas"][component], component.removeprefix("Patched")
    return name, set(shape.get("properties", {}))


def places_of(document: dict[str, Any], row: str) -> set[tuple[str, tuple[Any, ...]]]:
    """Give each place in the body of a row, by the name of the body and the path in it."""
    body = MATRIX[row][0]
    name, fields = fields_of(document, row)
    return {(name, at) for at in leaves({**dict.fromkeys(fields), **body})} if isinstance(body, dict) else set()


@pytest.fixture(scope="module")
def places(document: dict[str, Any]) -> dict[str, set[Any]]:
    return {row: places_of(document, row) for row in MATRIX}


@pytest.fixture(scope="module")
def parameters(document: dict[str, Any]) -> dict[str, set[Any]]:
    return {row: parameters_of(document, row) for row in ASKED_ROWS}


WRITING = [row for row in MATRIX if row.startswith(("POST", "PUT", "PATCH"))]


@pytest.mark.parametrize("row", MATRIX)
def test_no_value_in_a_rest_body_is_a_server_error(
    place: World, places: dict[str, set[Any]], row: str, caplog: pytest.LogCaptureFixture
) -> None:
    method, _, route = row.partition(" ")
    body = MATRIX[row][0]
    watched, path = Watched(with_key(place, "alice"), caplog), f"/{REST}{address(route, place)}"
    for raw in [*SHORT_BODIES, *part_for(BODIES, row, WRITING)] if row in WRITING else ():
        watched.send(method, path, raw, raw)
    for name, at in sorted(places[row], key=repr):
        # Several addresses may take one body.
        rows = [one for one in MATRIX if (name, at) in places[one]]
        for value in part_for(of_this_database(BRIEF), row, rows):
            sent = put(body if at[0] in body else {**body, at[0]: None}, at, value)
            watched.send(method, path, (at, value), json.dumps(sent))
    assert watched.failed == []


def parameters_of(document: dict[str, Any], row: str) -> set[tuple[str, str]]:
    """Give the name of each parameter of the query, with all that OpenAPI says of it."""
    told = operation_of(document, row).get("parameters", [])
    return {(one["name"], json.dumps(one, sort_keys=True)) for one in told if one["in"] == "query"}


def parts_of(route: str) -> Iterator[tuple[str, str]]:
    """Give what stands up to each name in an address, that name's place with it, and what stands behind."""
    for at, part in enumerate(parts := route.split("/")):
        if "<" in part:
            yield "/".join(parts[: at + 1]), "/".join(parts[at + 1 :])


def _beside(before: str, value: str, after: str) -> str:
    """Give the address with the value in the last place of what stands before."""
    front = before.rpartition("/")[0]
    return "/".join(part for part in (front, value) if part) + (f"/{after}" if after else "")


# Rows with a query: those that ask the same parameter, or have the same beginning, are read by the same code, and
# share the values.
ASKED_ROWS = [row for row in MATRIX if row.startswith(("GET", "DELETE"))]


@pytest.mark.parametrize("row", ASKED_ROWS)
def test_no_query_or_name_in_a_rest_address_is_a_server_error(
    place: World, parameters: dict[str, set[Any]], row: str, caplog: pytest.LogCaptureFixture
) -> None:
    method, _, route = row.partition(" ")
    watched, path = Watched(with_key(place, "alice"), caplog), f"/{REST}{address(route, place)}"
    for name, told in sorted(asked := parameters[row]):
        rows = [one for one in ASKED_ROWS if (name, told) in parameters[one]]
        values = [quote(cursor) for cursor in cursors()] if name == "cursor" else []
        for value in part_for([*quoted(), *values], row, rows):
            watched.send(method, f"{path}?{name}={value}", value)
    everything = sorted({*PARAMETERS, *(name for name, _told in asked)})
    for value in part_for(quoted(), row, ASKED_ROWS):
        watched.send(method, f"{path}?{'&'.join(f'{name}={value}' for name in everything)}", value)
    for before, after in parts_of(route):
        rows = [one for one in ASKED_ROWS if before in dict(parts_of(one.partition(" ")[2]))]
        for value in filter(None, part_for(quoted(), row, rows)):
            watched.send(method, f"/{REST}{address(_beside(before, value, after), place)}", value)
    assert watched.failed == []


PAGE_ROWS = [row for row in PAGES if row.startswith("GET")]


# The addresses of REST, which are read by the same converters and forms, are asked on each database.
@pytest.mark.any_database
@pytest.mark.parametrize("row", PAGE_ROWS)
def test_no_query_or_name_in_the_address_of_a_page_is_a_server_error(
    place: World, row: str, caplog: pytest.LogCaptureFixture
) -> None:
    route, usual = row.partition(" ")[2], PAGES[row][1][-1]
    watched, path = Watched(with_session(place, "alice"), caplog, usual), f"/{address(route, place)}"
    names = sorted({*PARAMETERS, *re.findall(r"[?&](\w+)=", QUERIES.get(row, ""))})
    values = quoted()
    # One at a time where another would refuse first, each with a value that is another on the next page.
    for turn, name in enumerate(names, len(path)):
        value = values[turn % len(values)]
        watched.send("GET", f"{path}?{name}={value}", (name, value))
    # All that say where in a list; all together. Again each page has its part of the values.
    for value in values[len(path) % 8 :: 8]:
        watched.send("GET", f"{path}?{'&'.join(f'{name}={value}' for name in _OF_LISTS)}", value)
        watched.send("GET", f"{path}?{'&'.join(f'{name}={value}' for name in names)}", value)
    for before, after in parts_of(route):
        rows = [one for one in PAGE_ROWS if before in dict(parts_of(one.partition(" ")[2]))]
        for value in filter(None, part_for(values, row, rows)):
            watched.send("GET", f"/{address(_beside(before, value, after), place)}", value)
    assert watched.failed == []


FORM_ROWS = [row for row in PAGES if row.startswith("POST")]


@pytest.mark.parametrize("row", FORM_ROWS)
def test_no_value_in_a_form_is_a_server_error(place: World, row: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, client = PAGES[row][0] or {}, with_session(place, "alice")
    watched, path = Watched(client, caplog), f"/{address(row.partition(' ')[2], place)}"
    usual = PAGES[row][1][-1]
    for name in [*sent, "next", "unknown"]:
        rows = [one for one in FORM_ROWS if name in (PAGES[one][0] or ()) and PAGES[one][0].keys() == sent.keys()]
        for text in part_for(of_this_database(TEXTS), row, rows or FORM_ROWS):
            form = {**{key: value for key, value in sent.items() if value is not None}, name: text}
            body = urlencode({key: str(value).encode("utf-8", "surrogatepass") for key, value in form.items()})
            caplog.clear()
            with transaction.atomic():
                answer = client.post(path, body, content_type="application/x-www-form-urlencoded")
                transaction.set_rollback(True)
            is_error = answer.status_code >= 500 and answer.status_code != usual
            if is_error or any(record.exc_info for record in caplog.records):
                watched.failed.append((name, named(text), answer.status_code))
    assert watched.failed == []


# What a script posts ----------------------------------------------------------------------------------

STREAMS = ("wandb-history.jsonl", "wandb-events.jsonl", "wandb-summary.json", "output.log", "other.txt")
LINES: list[Any] = [*VALUES, *(json.dumps(value) for value in VALUES), '{"a": "\\ud800"}', '{"a": {"b": [NaN, 1e400]}}']


def posted(name: str, *lines: Any) -> dict[str, Any]:
    return {"files": {name: {"offset": 0, "content": list(lines)}}}


@pytest.mark.parametrize("stream", STREAMS)
def test_no_line_that_a_script_posts_is_a_server_error(
    place: World, stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(with_key(place, "bob"), caplog)
    for value in LINES:
        post = {"files": {stream: {"offset": 0, "content": [value]}}}
        watched.send("POST", "/files/acme/mnist/run1/file_stream", value, json.dumps(post))
    for value in VALUES:
        for post in ({"files": {stream: value}}, {"files": {stream: {"offset": value, "content": ["{}"]}}}):
            watched.send("POST", "/files/acme/mnist/run1/file_stream", value, json.dumps(post))
        post = {"files": {stream: {"offset": 0, "content": value}}}
        watched.send("POST", "/files/acme/mnist/run1/file_stream", value, json.dumps(post))
    assert watched.failed == []


@pytest.mark.parametrize("field", ["files", "uploaded", "exitcode", "complete", "dropped", ""])
def test_no_other_value_that_a_script_posts_is_a_server_error(
    place: World, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(with_key(place, "bob"), caplog)
    for value in VALUES:
        for sent in (value, [value], {"a": value}):
            post = {"files": {}, "complete": True, field: sent}
            watched.send("POST", "/files/acme/mnist/run1/file_stream", (field, sent), json.dumps(post))
    for raw in BODIES:
        watched.send("POST", "/files/acme/mnist/run1/file_stream", raw, raw)
    assert watched.failed == []


@pytest.mark.parametrize(
    ("post", "place_in_it"),
    [
        (posted("wandb-summary.json", 1), "files.wandb-summary.json.content.0"),
        (posted("wandb-summary.json", "{}", "[]"), "files.wandb-summary.json.content.1"),
        (posted("wandb-summary.json", json.dumps(nested(600, "object"))), "files.wandb-summary.json.content.0"),
        (posted("wandb-history.jsonl", "{}", json.dumps({"a": nested(600, "list")})), "row 1"),
        ({"uploaded": 5}, "uploaded"),
        ({"a": nested(600, "object")}, "The body"),
    ],
)
def test_a_refused_post_says_where_in_one_line_of_the_log(
    place: World, post: Any, place_in_it: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = with_key(place, "bob")
    answer = client.post("/files/acme/mnist/run1/file_stream", json.dumps(post), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(f"{place_in_it}: ")
    (record,) = caplog.records
    assert (record.exc_info, "\n" in record.getMessage()) == (None, False)


def test_names_in_headers_are_no_server_error(place: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    client = Client(raise_request_exception=False)
    for text in ("\xff", "Basic \xff", "Basic =", "Bearer ", "Bearer \x00", "Basic " + "A" * 9000):
        for path in ("/api/v1/me", "/graphql", "/acme", "/files/acme/mnist/run1/file_stream"):
            for header in ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_X_FORWARDED_FOR", "CONTENT_LENGTH", "HTTP_RANGE"):
                if header == "CONTENT_LENGTH":
                    continue
                answer = client.post(path, "{}", content_type="application/json", **{header: text})  # type: ignore[arg-type]
                assert answer.status_code < 500, (path, header, text)
    assert [record for record in caplog.records if record.exc_info] == []
