from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        read_module("teams.audit.sign_ins")
        read_module("teams.sessions.activity")
        read_module("teams.sign_in.confirm_identity")
