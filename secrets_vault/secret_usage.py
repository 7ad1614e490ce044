"""Secret usage registry: who uses one is asked before it is deleted, and told in the transaction of the deletion."""

from __future__ import annotations

from typing import ClassVar

from django_stubs_ext import StrOrPromise

from common.plugins import Plugin, PluginRegistry
from secrets_vault.models import Secret


class SecretUser(Plugin):
    """Rows of one sort that use secrets by name. `plural` stands in sentences, and under that key in the audit log."""

    plural: ClassVar[StrOrPromise]

    @classmethod
    def using(cls, secret: Secret) -> list[str]:
        """Give the names of those that cannot work without this secret."""
        raise NotImplementedError

    @classmethod
    def losses(cls, secret: Secret) -> list[str]:
        """Say what will no longer work without it."""
        raise NotImplementedError

    @classmethod
    def gone(cls, secret: Secret) -> None:
        """Note that it is gone, in the transaction that deletes it."""


registry: PluginRegistry[SecretUser] = PluginRegistry("user of secrets")


def users_of(secret: Secret) -> dict[type[SecretUser], list[str]]:
    """Give who uses it, with the names; those that do not are left out."""
    return {user: names for user in registry if (names := user.using(secret))}
