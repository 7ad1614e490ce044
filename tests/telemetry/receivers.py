"""Fake receivers of errors and of spans, over real HTTP: what came, taken apart."""

from __future__ import annotations

import gzip
import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_httpserver import HTTPServer


def reported(server: HTTPServer) -> list[dict[str, Any]]:
    """Give the events that came to `/api/1/envelope/`."""
    found = []
    for request, _answer in server.log:
        raw = request.get_data()
        body = gzip.decompress(raw) if request.headers.get("Content-Encoding") == "gzip" else raw
        items = [json.loads(line) for line in body.splitlines() if line]
        found += [item for item in items if "exception" in item or "logentry" in item]
    return found


def spans(server: HTTPServer) -> list[Any]:
    """Give the spans that came to `/v1/traces`."""
    found: list[Any] = []
    for request, _answer in server.log:
        raw = request.get_data()
        body = gzip.decompress(raw) if request.headers.get("Content-Encoding") == "gzip" else raw
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [span for scope in resource.scope_spans for span in scope.spans]
    return found
