from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module, read_modules


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        # The first sign-in is heard by it.
        read_module("operations.first_start")
        read_modules("operations.compaction.kinds")
        read_modules("operations.deletion.kinds")
        read_modules("operations.retention.kinds")
