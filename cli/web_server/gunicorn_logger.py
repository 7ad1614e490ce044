"""gunicorn's own log, as every other line of ours: its form and its levels are those of the settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from common.logs.logging_config import configure


class GunicornLogger(Logger):  # type: ignore[misc]  # gunicorn is not typed
    def setup(self, cfg: Any) -> None:
        """Set up logging in gunicorn's first process, where there is no Django, and pass all on to it."""
        super().setup(cfg)
        configure(settings.LOGGING)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
            log.setLevel("NOTSET")
