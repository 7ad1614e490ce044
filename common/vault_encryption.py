"""Encryption at rest (Fernet) under the vault's keys, for what is kept elsewhere than in a `SecretField`.

The same keys and the same derivation (HKDF) as those fields have: whoever rotates keys rotates these values too
(`secrets_vault.rotation`).
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from fernet_fields.hkdf import derive_fernet_key


class NoKeyOpensIt(ValidationError):
    """A refusal, so that a form tells it as one."""


def fernets() -> list[Fernet]:
    """Give the keys, the one that encrypts first."""
    return [Fernet(derive_fernet_key(key)) for key in settings.FERNET_KEYS]


def encrypt(text: str) -> str:
    return fernets()[0].encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Give the text. Raises NoKeyOpensIt, which names the setting."""
    try:
        return MultiFernet(fernets()).decrypt(token.encode()).decode()
    except InvalidToken:
        raise NoKeyOpensIt(
            "No key in RUNBELL_FERNET_KEYS opens what is kept of this. The operator adds the key it was written with."
        ) from None
