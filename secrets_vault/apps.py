from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SecretsVaultConfig(AppConfig):
    name = "secrets_vault"
    verbose_name = "Secrets vault"

    def ready(self) -> None:
        import_module("secrets_vault.checks")
