from __future__ import annotations

from django.apps import AppConfig

from common.plugins import read_module, read_modules


class AutomationsConfig(AppConfig):
    name = "automations"

    def ready(self) -> None:
        read_modules("automations.conditions")
        read_modules("automations.actions")
        read_module("automations.definitions.renaming_admin")
        read_module("automations.definitions.sharing")
