"""Settings of the log, read from the environment: its form, its levels, and which requests are lines of it."""

from __future__ import annotations

from typing import Any

from common.logs.log_levels import parse_levels
from common.logs.logging_config import logging_config
from config import env


def log() -> tuple[str, str, dict[str, Any]]:
    """Give the form, what the access log holds, and the configuration of logging."""
    form = env.choice("RUNBELL_LOG_FORMAT", "text", among=("text", "json"))
    access = env.choice("RUNBELL_ACCESS_LOG", "failed", among=("all", "failed", "off"))
    return form, access, logging_config(form, env.parsed("RUNBELL_LOG_LEVEL", "WARNING", parse_levels))
