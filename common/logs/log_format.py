"""Log format: one line a message, whatever people typed stands in it, with the time in UTC; as text or as JSON.

What a line says beside its sentence stands in `extra={"fields": {...}}`, as plain values.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

# What ends a line or moves the cursor of a terminal: C0 and C1 controls, and Unicode's two line ends.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
# What turns the direction of a line: it would be read otherwise than it stands there.
_TURNS = {code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_ESCAPES = {**_CONTROLS, **_TURNS, 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


_OF_CLIENTS = "django.security."


class OneLine(logging.Formatter):
    """Nobody writes a line of their own into the log. A traceback keeps its lines: it is ours."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:
        about = "".join(f" {name}={value}" for name, value in _ids(record).items())
        return f"{super().formatMessage(record)}{about}".translate(_ESCAPES)


class JsonLine(JsonFormatter):
    """One JSON object a line: a traceback too is a value of it. Nothing but what is named here is written.

    What libraries hang on a record may be a whole request.
    """

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data |= {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.message,
            "process": record.process,
            **_ids(record),
            **getattr(record, "fields", {}),
            **message_dict,
        }


class WithoutTraceback(logging.Filter):
    """Log filter of a handler: what a client does wrong is one line.

    Django writes suspicious requests (a Host header that is not allowed, a filter of an admin's list) as errors, with
    the whole stack; anybody can send thousands. Each kind has a logger of its own below this one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_OF_CLIENTS):
            return True
        record.exc_info = record.exc_text = record.stack_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _ids(record: logging.LogRecord) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(record, "ids", {})
    return found
