from __future__ import annotations

from django.apps import AppConfig

from secrets_vault import checks

__all__ = ["SecretsVaultConfig", "checks"]


class SecretsVaultConfig(AppConfig):
    name = "secrets_vault"
    verbose_name = "Secrets vault"
