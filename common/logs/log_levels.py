"""Levels of the log, by logger: `info,outbound=debug`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Loggers that are no module.
_OTHERS = {"access", "startup", "django-q"}
# What these say below a warning holds addresses and headers, and so secrets of receivers.
TELL_SECRETS = ("urllib3", "requests", "botocore", "boto3", "s3transfer", "redis")
_SHAPE = "write it like info,outbound=debug"


@dataclass(frozen=True)
class LogLevels:
    root: str = "WARNING"
    loggers: dict[str, str] = field(default_factory=dict)


def parse_levels(items: Sequence[str]) -> LogLevels:
    """Give the level of all, and those of single loggers. ValueError says what is wrong, and what there is."""
    roots, loggers = [], {}
    for item in items:
        name, mark, level = (part.strip() for part in item.rpartition("="))
        if level.upper() not in LEVELS:
            raise ValueError(f"{level!r} is no level; choose among {', '.join(LEVELS)}, and {_SHAPE}")
        if not mark:
            roots.append(level.upper())
            continue
        _require_logger(name, level.upper())
        loggers[name] = level.upper()
    if len(roots) > 1:
        raise ValueError(f"{roots[0]} and {roots[1]} are both the level of all; {_SHAPE}")
    return LogLevels(roots[0] if roots else "WARNING", loggers)


def _require_logger(name: str, level: str) -> None:
    first = name.partition(".")[0]
    if first not in _OTHERS and not (first.isidentifier() and importlib.util.find_spec(first)):
        raise ValueError(f"there is no logger {name!r}; {_SHAPE}, with the name of a package such as events or django")
    if first in TELL_SECRETS and level in ("DEBUG", "INFO"):
        raise ValueError(f"{name} would write addresses and headers, and so secrets; it can be WARNING or ERROR")
