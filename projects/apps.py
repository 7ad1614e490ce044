from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        read_module("projects.event_types")
