"""Errors reach the operator's Sentry, masked: no request, no header, no body, no secret of the settings."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_httpserver import HTTPServer

from common.logs import log_context
from config.setting_groups import telemetry
from operations.telemetry import sentry
from operations.telemetry.error_masking import masked
from teams import api as teams_api
from tests.telemetry.receivers import reported
from tests.world import World


@pytest.fixture
def sent(receiver: HTTPServer, settings: Any) -> Iterator[Any]:
    """Let errors go to a Sentry on loopback; give what came."""
    receiver.expect_request("/api/1/envelope/").respond_with_json({})
    settings.SENTRY_DSN = f"http://publickey@127.0.0.1:{receiver.port}/1"
    sentry.start()

    def read() -> list[dict[str, Any]]:
        sentry_sdk.flush(timeout=10)
        return reported(receiver)

    yield read
    sentry_sdk.get_client().close(timeout=5)
    sentry_sdk.get_global_scope().set_client(None)


def test_an_error_in_a_request_arrives_with_its_id_and_without_a_secret(
    world: World, sent: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any) -> Any:
        local = settings.SECRET_KEY
        raise RuntimeError(f"no way to https://bell.test/services/T000/B000/path?a=b with {local}")

    monkeypatch.setattr(teams_api.Me, "get", broken)
    client = Client(raise_request_exception=False)
    client.force_login(world.users["alice"])
    answer = client.get("/api/v1/me?token=in-the-query", headers={"X-Secret": "in-a-header"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (500, "request")
    (event,) = sent()
    assert event["tags"] == {"request_id": answer["X-Request-ID"]}
    (value,) = event["exception"]["values"]
    assert value["type"] == "RuntimeError"
    assert value["value"] == "no way to https://bell.test/******** with ********"
    assert value["stacktrace"]["frames"][-1]["function"] == "broken"
    assert event.keys() & {"request", "user", "breadcrumbs", "extra", "contexts", "modules"} == set()
    frames = value["stacktrace"].pop("frames")
    assert not any("vars" in frame for frame in frames)
    hidden = ("alice", "in-the-query", "in-a-header", client.cookies["sessionid"].value)
    assert [one for one in hidden if one in json.dumps(event)] == []
    assert settings.SECRET_KEY not in json.dumps(frames)


def test_what_is_logged_as_an_error_arrives_with_what_it_is_about(sent: Any) -> None:
    with log_context.about(execution=12):
        logging.getLogger("automations.delivery.sending").error("key %s of %s", "rb" + "a1" * 22, "Bearer abc")
        logging.getLogger("automations.delivery.failure_lines").error("a receiver failed")
        logging.getLogger("automations.delivery.sending").warning("no error")
    (event,) = sent()
    assert (event["logentry"], event["tags"]) == ({"message": "key ******** of Bearer ********"}, {"execution": "12"})


@pytest.mark.parametrize(
    "said, kept",
    [
        ("password=hunter2 failed", "password=******** failed"),
        ("postgres://bell:hunter2@db:5432/bell refused", "postgres://db:5432/******** refused"),
        (
            "Internal Server Error: /files/fetch/eyJhbGciOiJIUzI1NiJ9:1abc",
            "Internal Server Error: /files/fetch/********",
        ),
        ("the run acme/mnist is gone", "the run acme/mnist is gone"),
        ("{'password': 'hunter2 and more', 'name': 'x'}", "{'password': '********', 'name': 'x'}"),
        ('{"api_key":"hunter2"}', '{"api_key":"********"}'),
        ("api_key=hunter2 of monkey business", "api_key=******** of monkey business"),
        ("postgres://bell:hun/ter2@db:5432/bell", "postgres://db:5432/********"),
    ],
)
def test_what_looks_like_a_secret_is_masked(said: str, kept: str) -> None:
    assert masked(said) == kept


@pytest.mark.parametrize(
    "setting, value, extra, module",
    [
        ("RUNBELL_SENTRY_DSN", "https://key@sentry.test/1", "sentry", "sentry_sdk"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://c.test:4318",
            "opentelemetry",
            "opentelemetry.exporter.otlp.proto.http",
        ),
    ],
)
def test_a_setting_whose_extra_is_missing_refuses_the_start(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, extra: str, module: str
) -> None:
    monkeypatch.setenv(setting, value)
    assert value in telemetry.telemetry()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImproperlyConfigured, match=rf"^{setting} needs the extra {extra}, which is not installed: pip"):
        telemetry.telemetry()
