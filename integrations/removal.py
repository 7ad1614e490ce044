"""Deletion of an integration: refused while automations use it, unless confirmed; then those need attention."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from automations.definitions import services as automations
from integrations.kind import Kind
from outbound.provider import receivers_of


def delete(kind: type[Kind], row: Any, *, confirmed: bool = False) -> None:
    """Remove it. Automations that use it are a Conflict, unless confirmed: then they need attention."""
    key = kind.key_of(row)
    with transaction.atomic():
        users = automations.free(receivers_of([key])[key], kind.provider(), confirmed=confirmed)
        kind.erase(row, used_by={"automations": [user.name for user in users]})
