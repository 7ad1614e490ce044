from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_folders, read_module


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        read_folders("integrations", ("provider", "action", "kind", "secret_users", "examples"))
        read_module("integrations.secret_usage")
