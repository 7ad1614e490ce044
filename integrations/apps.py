from __future__ import annotations

from django.apps import AppConfig

from common.registry import read_modules


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        read_modules("integrations.providers")
