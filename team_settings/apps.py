from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

# In the order in which their pages are listed.
PAGES = ("members", "invitations", "secrets", "integration_kinds", "member_api_keys", "own_api_keys", "audit")


class TeamSettingsConfig(AppConfig):
    name = "team_settings"

    def ready(self) -> None:
        for page in PAGES:
            import_module(f"team_settings.{page}")
