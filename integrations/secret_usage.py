"""Secret usage by integrations: which name a secret of the team, and what follows when one goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from automations.definitions.services import need_attention, using
from integrations.kind import Kind, in_order
from secrets_vault.models import Secret
from secrets_vault.secret_usage import SecretUser, registry


@registry.register
class IntegrationsUsingSecrets(SecretUser):
    key = label = plural = "integrations"

    @classmethod
    def using(cls, secret: Secret) -> list[str]:
        return [row.name for _kind, row in _rows(secret)]

    @classmethod
    def losses(cls, secret: Secret) -> list[str]:
        return [
            f"The {kind.noun} {row.name} uses it: nothing can be sent there until there is a secret of this name again."
            for kind, row in _rows(secret)
        ]

    @classmethod
    def gone(cls, secret: Secret) -> None:
        for kind, row in _rows(secret):
            problem = f"The secret {secret.name} of its {kind.noun} {row.name} was deleted."
            need_attention(using(kind.key_of(row)), f"{problem} Add it again, then save the automation.")


def _rows(secret: Secret) -> Iterator[tuple[type[Kind], Any]]:
    for kind in in_order():
        for row in kind.rows().filter(team=secret.team_id).order_by("name"):
            if secret.name in kind.secret_names(row):
                yield kind, row
