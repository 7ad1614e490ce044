from __future__ import annotations

from django.apps import AppConfig

from common.registry import read_module


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        read_module("teams.signing_in")
