"""OpenTelemetry: spans of requests, judging and deliveries, sent by OTLP over HTTP to the operator's collector.

Read only where OTEL_EXPORTER_OTLP_ENDPOINT is set. The exporter opens sockets itself, to that address alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.telemetry import spans
from common.telemetry.spans import SpanKind, Value

_KINDS = {
    SpanKind.SERVER: trace.SpanKind.SERVER,
    SpanKind.CONSUMER: trace.SpanKind.CONSUMER,
    SpanKind.CLIENT: trace.SpanKind.CLIENT,
}
_propagator = TraceContextTextMapPropagator()


def start() -> TracerProvider:
    """Send spans from now on. Processes that are forked later go on by themselves."""
    about = {"service.name": "runbell", "service.version": settings.VERSION}
    provider = TracerProvider(resource=Resource.create(about))
    exporter = OTLPSpanExporter(endpoint=f"{settings.OTLP_ENDPOINT}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    spans.install(_OpenTelemetryTracer(provider))
    return provider


class _OpenTelemetrySpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, name: str, value: Value) -> None:
        self._span.set_attribute(name, value)


class _OpenTelemetryTracer:
    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("runbell", settings.VERSION)

    @contextmanager
    def span(self, name: str, kind: SpanKind, parent: str) -> Iterator[_OpenTelemetrySpan]:
        context = _propagator.extract({"traceparent": parent}) if parent else None
        # What an exception says may hold a secret: its kind is enough here, the log has the rest.
        with self._tracer.start_as_current_span(
            name, context, _KINDS[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _OpenTelemetrySpan(span)
            except BaseException as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent", "")
