"""Settings of error reports and traces, read from the environment. Each needs an extra, which it alone imports."""

from __future__ import annotations

import importlib.util
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env, well_formed


def telemetry() -> tuple[str, str]:
    """Give Sentry's DSN and the address of OpenTelemetry's collector; refuse one whose extra is not installed."""
    dsn = env.url("RUNBELL_SENTRY_DSN", "", schemes=("https", "http"), form=_dsn)
    endpoint = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", "", schemes=("https", "http"))
    if dsn:
        _require("RUNBELL_SENTRY_DSN", "sentry", "sentry_sdk")
    if endpoint:
        _require("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry", "opentelemetry.exporter.otlp.proto.http")
    return dsn, endpoint


def _dsn(value: str) -> str:
    parts = urlsplit(well_formed.any_address(value))
    if not parts.username or not parts.path.strip("/"):
        # The value is not repeated: it holds a key.
        raise ValueError("must be a DSN as Sentry shows it, such as https://key@sentry.example.com/1")
    return value


def _require(setting: str, extra: str, module: str) -> None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ImproperlyConfigured(
            f"{setting} needs the extra {extra}, which is not installed: pip install 'runbell[{extra}]', "
            "or leave the setting out."
        )
