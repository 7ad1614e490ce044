"""AppConfig of Runbell as a whole: its management commands and its system checks."""

from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module


class Config(AppConfig):
    name = "config"

    def ready(self) -> None:
        read_module("config.checks")
