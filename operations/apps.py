from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from common.plugins import read_module, read_modules


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        # The first sign-in is heard by it.
        read_module("operations.first_start")
        read_modules("operations.compaction.kinds")
        read_modules("operations.deletion.kinds")
        read_modules("operations.retention.kinds")
        # In the order in which people read what was found.
        for part in ("installation", "database", "work", "outside"):
            read_modules(f"operations.checks.{part}")
        _start_telemetry()


def _start_telemetry() -> None:
    """Import what only these settings need, and let errors and traces go there, in whatever process."""
    for is_wanted, start in (
        (settings.SENTRY_DSN, "operations.telemetry.sentry.start"),
        (settings.OTLP_ENDPOINT, "operations.telemetry.open_telemetry.start"),
    ):
        if is_wanted:
            import_string(start)()
