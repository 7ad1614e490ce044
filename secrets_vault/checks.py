"""System checks of the vault's encryption keys, before anything starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from common.processes.start_checks import START

_REMEDY = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


@register(START)
def vault_keys(**_: Any) -> list[CheckMessage]:
    keys = getattr(settings, "FERNET_KEYS", None)
    if not isinstance(keys, (list, tuple)) or not keys or not all(isinstance(key, str) and key for key in keys):
        return [Error("RUNBELL_FERNET_KEYS must hold at least one key.", hint=_REMEDY, id="secrets_vault.E001")]
    if settings.SECRET_KEY in keys:
        return [
            Error(
                "RUNBELL_FERNET_KEYS holds the SECRET_KEY. Secrets need keys of their own: "
                "whoever can sign a cookie must not be able to open the vault.",
                hint=_REMEDY,
                id="secrets_vault.E002",
            )
        ]
    if any(len(key) < 32 for key in keys):
        return [
            Warning(
                "A key in RUNBELL_FERNET_KEYS is shorter than 32 characters.",
                hint=_REMEDY,
                id="secrets_vault.W001",
            )
        ]
    return []
