"""Sentry: errors of every process, to the operator's Sentry. Read only where RUNBELL_SENTRY_DSN is set.

What goes out is listed here, and masked: no request, no header, no body, no local variable, nobody's name. The SDK
opens sockets itself, to the host of the DSN alone; of its integrations only those that patch nothing of ours are on,
or deliveries would carry its headers.
"""

from __future__ import annotations

from typing import Any, cast

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from common.logs import log_context
from operations.telemetry.error_masking import masked

_KEPT = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment", "server_name", "sdk")
_KEPT_OF_FRAMES = (
    "filename", "abs_path", "function", "module", "lineno", "pre_context", "context_line", "post_context", "in_app",
)  # fmt: skip


def start() -> None:
    """Send errors from now on, those that are logged too."""
    # A receiver that fails is no error of Runbell.
    ignore_logger("automations.delivery.failure_lines")
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"runbell@{settings.VERSION}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=40),
            ExcepthookIntegration(),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        before_send=_before_send,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )


def _before_send(event: Any, hint: Any) -> Any:
    """Give a new event of what may go out, and nothing else that the SDK has gathered."""
    kept: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    kept["tags"] = dict(log_context.ids())
    said = (event.get("logentry") or {}).get("formatted") or (event.get("logentry") or {}).get("message")
    record = hint.get("log_record")
    if record is not None:
        said = record.getMessage()
    if said:
        kept["logentry"] = {"message": masked(str(said))}
    values = (event.get("exception") or {}).get("values") or []
    if values:
        kept["exception"] = {"values": [_exception(cast(dict[str, Any], value)) for value in values]}
    return kept


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": masked(str(value.get("value") or "")),
        "stacktrace": {"frames": [{name: one[name] for name in _KEPT_OF_FRAMES if name in one} for one in frames]},
    }
