"""Spans of a request, a judging and a delivery reach the operator's collector, in one trace from web to worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from automations.tasks import work
from common.telemetry import spans as tracing
from operations.telemetry import open_telemetry
from tests.http_receiver import HttpReceiver
from tests.telemetry.receivers import spans
from tests.world import FAILED, World


@pytest.fixture
def collected(settings: Any) -> Iterator[Any]:
    """Let spans go to a collector on loopback; give those that came, by name."""
    with HttpReceiver(host="127.0.0.1") as collector:
        collector.expect_request("/v1/traces").respond_with_data(b"")
        settings.OTLP_ENDPOINT = f"http://127.0.0.1:{collector.port}"
        provider = open_telemetry.start()

        def read() -> dict[str, Any]:
            provider.force_flush(10_000)
            return {span.name: span for span in spans(collector)}

        yield read
        tracing._tracers.clear()
        provider.shutdown()


@pytest.mark.django_db(transaction=True)
def test_one_trace_leads_from_the_request_to_the_delivery(
    world: World, api: APIClient, collected: Any, receiver: HTTPServer
) -> None:
    world.webhook(receiver.url_for("/hook"))
    world.automation(FAILED)
    world.run("run1")
    answer = api.post("/api/v1/projects/acme/mnist/runs/run1/finish", {"exit_code": 1}, format="json")
    assert answer.status_code == 200
    work()
    assert len(receiver.log) == 1
    found = collected()
    request = found["POST /api/v1/projects/<str:team>/<str:project>/runs/<str:run>/finish"]
    assert {"judge run.state", "deliver webhook"} <= found.keys()
    for name in ("judge run.state", "deliver webhook"):
        assert (found[name].trace_id, found[name].parent_span_id) == (request.trace_id, request.span_id)
    assert "acme" not in str(list(found.values())).replace("<str", "")
    assert {one.key for one in request.attributes} == {"http.response.status_code", "runbell.request_id"}
    # Receivers learn nothing of it.
    assert "traceparent" not in {name.lower() for name, _value in receiver.log[0][0].headers}


def test_without_the_setting_nothing_is_kept(world: World) -> None:
    with tracing.span("request", tracing.SpanKind.SERVER) as span:
        span.note("a", 1)
        assert tracing.traceparent() == ""
