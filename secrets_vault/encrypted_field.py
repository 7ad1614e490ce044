"""The encrypted model field (Fernet): cannot be read, written or rotated by accident."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import NON_FIELD_ERRORS, FieldError, ValidationError
from django.db.models import Model
from fernet_fields import EncryptedTextField


class SecretUnavailable(ValidationError):
    """No key opens this value; the message names the setting. A refusal, so that every door tells it as one."""

    def __init__(self, message: str) -> None:
        super().__init__({NON_FIELD_ERRORS: message})
        self._said = message

    def __str__(self) -> str:
        return self._said


class SecretField(EncryptedTextField):  # type: ignore[misc]
    """django-fernet-fields-v2's field, without its three traps.

    1. Given an SQL expression it stores the expression's text in place of the secret: `bulk_update` lost secrets so.
    2. A key that does not fit raises an InvalidToken without a word, and breaks whole lists.
    3. `dumpdata` and serializers write the plain text.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("serialize", False)  # trap 3
        super().__init__(*args, **kwargs)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is not None and not isinstance(value, str):  # trap 1
            raise FieldError(f"{self} takes a text, not {type(value).__name__}; save secrets one by one.")
        return super().get_db_prep_save(value, connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any, *args: Any) -> Any:
        try:
            return super().from_db_value(value, expression, connection, *args)
        except InvalidToken:  # trap 2
            raise SecretUnavailable(
                f"{self}: no key in RUNBELL_FERNET_KEYS opens this value. Add the key it was written with."
            ) from None

    def value_to_string(self, obj: Model) -> str:
        return ""
