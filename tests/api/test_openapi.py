"""The document of the REST doors is whole, and its page works without the internet and under our CSP."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client

from tests.access.test_matrix import rest_rows as routes

DOCS = "/api/v1/docs"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document, made as strictly as its makers can."""
    file: Path = tmp_path_factory.mktemp("openapi") / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_in_the_document(document: dict[str, Any]) -> None:
    ours = {row.replace(" ", " /api/v1/", 1) for row in routes() if row not in ("GET schema", "GET docs")}
    assert {re.sub(r"<\w+:(\w+)>", r"{\1}", row).replace("{pk}", "{id}") for row in ours} == {
        row.replace("{pk}", "{id}") for row in operations(document)
    }


def test_every_operation_tells_its_refusals_in_one_shape(document: dict[str, Any]) -> None:
    shapes = {
        (status, answer["$ref"])
        for operation in operations(document).values()
        for status, answer in operation["responses"].items()
        if status.startswith("4")
    }
    assert shapes == {
        ("400", "#/components/responses/Invalid"),
        ("401", "#/components/responses/Unauthorized"),
        ("403", "#/components/responses/Forbidden"),
        ("404", "#/components/responses/NotFound"),
        ("409", "#/components/responses/Conflict"),
    }


def test_no_operation_leaves_a_refusal_out(document: dict[str, Any]) -> None:
    missing = {
        name: {"400", "401", "403", "404"} - operation["responses"].keys()
        for name, operation in operations(document).items()
        if not {"400", "401", "403", "404"} <= operation["responses"].keys()
    }
    assert missing == {}


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    assert [name for name, operation in operations(document).items() if not operation.get("description")] == []


def test_the_shape_is_the_one_that_is_sent(document: dict[str, Any], client: Client, db: None) -> None:
    schema = document["components"]["schemas"]["Refusal"]
    sent = client.get("/api/v1/me").json()
    assert set(sent) == set(schema["required"]) == set(schema["properties"])
    error = schema["properties"]["errors"]["items"]
    assert set(sent["errors"][0]) == set(error["required"]) == set(error["properties"])


def test_a_secrets_value_goes_in_and_never_comes_out(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert "value" in schemas["SecretRequest"]["properties"]
    assert "value" not in schemas["Secret"]["properties"]


# The page ------------------------------------------------------------------------------------------


class Loaded(HTMLParser):
    """What a page loads, and what stands in it that a strict policy stops."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        address = found.get("src") or found.get("href")
        if address:
            self.addresses.append(address)
        elif tag in ("script", "style"):
            self.inline.append((tag, found.get("nonce")))
        self.inline += [(name, None) for name in found if name == "style" or name.startswith("on")]


def test_the_page_loads_only_what_we_serve(client: Client, db: None) -> None:
    loaded = Loaded(client.get(DOCS).content.decode())
    assert len(loaded.addresses) == 5
    for address in loaded.addresses:
        name = re.sub(r"\.[0-9a-f]{12}(?=\.)", "", address.removeprefix("/static/"))
        is_file = address.startswith("/static/") and finders.find(name)
        assert is_file or address.startswith(f"{DOCS}?")


def test_the_policy_lets_everything_of_the_page_through(client: Client, db: None) -> None:
    answer = client.get(DOCS)
    policy = answer["Content-Security-Policy"]
    ((tag, nonce),) = Loaded(answer.content.decode()).inline
    assert tag == "style"
    assert f"'nonce-{nonce}'" in policy
    assert "unsafe" not in policy


def test_the_script_of_the_page_names_the_document_and_no_validator(client: Client, db: None) -> None:
    answer = client.get(f"{DOCS}?script=")
    script = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/javascript")
    assert 'url: "/api/v1/schema"' in script.replace("\\u002D", "-")
    assert '"validatorUrl": null' in script
    assert not re.search(r"https?://", script)


def test_the_document_itself_is_served(client: Client, db: None) -> None:
    answer = client.get("/api/v1/schema")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["info"]["title"] == "Runbell"
