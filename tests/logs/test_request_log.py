"""Each request has an id, on its lines and in its answer; the access log says who asked for what, and no secret."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.utils.module_loading import import_string

from common.http.networks import parse_networks
from common.logs import log_context
from common.logs.log_format import JsonLine, OneLine
from common.logs.log_levels import LogLevels
from common.logs.logging_config import logging_config
from tests.world import World


@pytest.fixture
def logged(settings: Any, caplog: pytest.LogCaptureFixture) -> Any:
    """Every request is a line, as JSON has it."""
    settings.ACCESS_LOG = "all"
    caplog.handler.addFilter(log_context.WithIds())
    caplog.set_level(logging.INFO)

    def read() -> list[dict[str, Any]]:
        return [json.loads(JsonLine().format(record)) for record in caplog.records if record.name == "access"]

    return read


def test_an_answer_has_the_id_of_its_line(world: World, logged: Any) -> None:
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {world.keys['alice']}"})
    (line,) = logged()
    assert re.fullmatch("[0-9a-f]{24}", answer["X-Request-ID"])
    assert line["request_id"] == answer["X-Request-ID"]
    assert line | {"ms": 0} == line | {
        "ms": 0, "method": "GET", "path": "/api/v1/me", "status": 200, "bytes": len(answer.content),
        "address": "127.0.0.1", "user": "alice", "key": world.keys["alice"][:6],
    }  # fmt: skip
    assert world.keys["alice"] not in json.dumps(line)
    assert log_context.ids() == {}


@pytest.mark.parametrize(
    "trusted, sent, is_taken",
    [
        ("127.0.0.1/32", "abc-123.4_5:6", True),
        ("127.0.0.1/32", "two words", False),
        ("127.0.0.1/32", "x" * 129, False),
        ("10.0.0.0/8", "abc", False),
    ],
    ids=["proxy", "no id", "long", "stranger"],
)
def test_the_id_of_a_trusted_proxy_is_taken(settings: Any, trusted: str, sent: str, is_taken: bool) -> None:
    settings.TRUSTED_PROXIES = parse_networks([trusted])
    assert (Client().get("/livez", headers={"X-Request-ID": sent})["X-Request-ID"] == sent) == is_taken


def test_neither_queries_nor_what_lets_in_stand_in_it(db: None, logged: Any) -> None:
    client, token = Client(), "s3cret-token-of-a-link:1"
    client.get(f"/files/fetch/{token}/weights.bin?signature=hunter2")
    client.get(f"/there/is/nothing/at/{token}/there?key=hunter2")
    said = logged()
    assert [line["path"] for line in said] == [
        "/files/fetch/********/weights.bin",
        "/there/is/nothing/at/********/there",
    ]
    assert "hunter2" not in json.dumps(said)
    assert token not in json.dumps(said)


def test_a_key_in_an_address_is_masked_wherever_it_stands_and_white_space_makes_no_further_word(
    world: World, logged: Any
) -> None:
    client, key, signed = Client(), "rb" + "aB3" * 14 + "xy", signing.dumps({"a": 1}, salt="x")
    for path in (f"/acme/{key}", f"/acme/mnist/runs/{key}", f"/{signed}/mnist", "/acme/x 200 ms=1 user=root\u00a0y"):
        client.get(path)
    said = [line["path"] for line in logged()]
    assert said == [
        "/acme/********", "/acme/mnist/runs/********", "/********/mnist", "/acme/x%20200%20ms=1%20user=root%C2%A0y"
    ]  # fmt: skip


def test_what_django_says_of_a_request_is_one_line_without_what_lets_in(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stderr = io.StringIO()
    config = logging_config("text", LogLevels("INFO", {}))
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(OneLine("{name} {message}", style="{"))
    for name in config["handlers"]["stderr"]["filters"]:
        made = dict(config["filters"][name])
        handler.addFilter(import_string(made.pop("()"))(**made))
    logging.getLogger().addHandler(handler)
    try:
        token = "s3cret-token-of-a-link"
        Client(enforce_csrf_checks=True).post(f"/files/fetch/{token}/x")
        Client(raise_request_exception=False).get("/sign-in", HTTP_HOST="en-\xff")
        for error in SuspiciousOperation.__subclasses__():
            try:
                raise error("said by a client")
            except SuspiciousOperation:
                logging.getLogger(f"django.security.{error.__name__}").error("suspicious", exc_info=True)
    finally:
        logging.getLogger().removeHandler(handler)
    said = stderr.getvalue()
    assert "/files/fetch/********/x" in said
    assert token not in said
    assert "Traceback" not in said


def test_nothing_turns_the_direction_of_a_line() -> None:
    record = logging.LogRecord("access", logging.INFO, "", 0, "GET /\u202egnp.exe\u2066 200", (), None)
    assert OneLine("{message}", style="{").format(record) == "GET /\\u202egnp.exe\\u2066 200"


def test_a_page_names_its_person_and_probes_are_no_lines(world: World, logged: Any) -> None:
    client = Client()
    client.force_login(world.users["bob"])
    for path in ("/livez", "/healthz", "/readyz?only=web", "/acme"):
        client.get(path)
    (line,) = logged()
    assert (line["path"], line["user"]) == ("/acme", "bob")


@pytest.mark.parametrize("wanted, count", [("failed", 0), ("off", 0)])
def test_what_worked_is_no_line_unless_all_are_wanted(
    settings: Any, db: None, logged: Any, wanted: str, count: int
) -> None:
    settings.ACCESS_LOG = wanted
    Client().get("/api/v1/me")
    assert len(logged()) == count


def test_what_is_streamed_is_counted(world: World, logged: Any) -> None:
    answer = Client().get("/api/v1/teams/acme/audit/export", headers={"Authorization": f"Bearer {world.keys['alice']}"})
    there = b"".join(answer)  # type: ignore[call-overload]
    answer.close()
    assert [line["bytes"] for line in logged()] == [len(there)]
