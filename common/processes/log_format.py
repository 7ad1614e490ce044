"""Log format: one line a message, whatever people typed stands in it, with the time in UTC."""

from __future__ import annotations

import logging
import time

# What ends a line or moves the cursor of a terminal: C0 and C1 controls, and Unicode's two line ends.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPES = {**_CONTROLS, 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class OneLine(logging.Formatter):
    """Nobody writes a line of their own into the log. A traceback keeps its lines: it is ours."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(_ESCAPES)


class WithoutTraceback(logging.Filter):
    """Log filter: what a client does wrong is one line.

    Django writes a Host header that is not allowed as an error, with the whole stack; anybody can send thousands.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = record.stack_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
