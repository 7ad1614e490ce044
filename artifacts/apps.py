from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module


class ArtifactsConfig(AppConfig):
    name = "artifacts"

    def ready(self) -> None:
        read_module("artifacts.event_types")
