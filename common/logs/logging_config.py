"""Logging configuration: the same for every process of ours - web, worker, supervisor, task queue, gunicorn's own."""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from common.logs.log_levels import TELL_SECRETS, LogLevels

logger = logging.getLogger(__name__)
_FORMATTERS: dict[str, dict[str, Any]] = {
    "text": {
        "()": "common.logs.log_format.OneLine",
        "format": "{asctime}Z {levelname:<7} {name} {message}",
        "style": "{",
    },
    "json": {"()": "common.logs.log_format.JsonLine", "json_ensure_ascii": False},
}


# Of each line, whichever logger it comes from.
_FILTERS = ["masked_paths", "without_traceback", "ids", "repeated"]


def logging_config(format: str, levels: LogLevels) -> dict[str, Any]:
    """Give what `configure` takes, as the standard library's `dictConfig` has it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": _FORMATTERS[format]},
        "filters": {
            "ids": {"()": "common.logs.log_context.WithIds"},
            "repeated": {"()": "common.logs.repeated_tracebacks.RepeatedTracebacks"},
            "without_traceback": {"()": "common.logs.log_format.WithoutTraceback"},
            "masked_paths": {"()": "common.http.middleware.request_log.MaskedPaths"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": _FILTERS}},
        "root": {"handlers": ["stderr"], "level": levels.root},
        "loggers": _loggers(levels),
    }


def configure(config: Mapping[str, Any]) -> None:
    """Set it up, and let what nobody catches be a line of the log too. Django's LOGGING_CONFIG."""
    logging.config.dictConfig(dict(config))
    threading.excepthook = _of_thread
    if "json" in config["formatters"]["line"]["()"].lower():
        sys.excepthook = _uncaught


def _loggers(levels: LogLevels) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        # Its lines are asked for by a setting of their own; a start says that it is ready at whatever level.
        "access": {"level": "INFO"},
        "startup": {"level": "INFO"},
        # Three lines a second otherwise, about the sweep.
        "django-q": {"level": "ERROR" if levels.root == "ERROR" else "WARNING"},
        "django": {"handlers": [], "level": "NOTSET"},
        "django.request": {"level": "ERROR"},
        **{name: {"level": "ERROR" if name == "urllib3" else "WARNING"} for name in TELL_SECRETS},
    }
    for name, level in levels.loggers.items():
        found.setdefault(name, {})["level"] = level
    return found


def _of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit and args.exc_value is not None:
        name = args.thread.name if args.thread else "?"
        logger.error("the thread %s ended", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("the process ends", exc_info=(kind, error, trace))
