"""Receivers: integrations as deliveries need them, and how one is disabled that is gone or keeps failing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations import kind as kinds
from integrations import services
from integrations.models import Integration, opened
from outbound.provider import NotReady, Provider, Receiver
from outbound.web_provider import WebProvider


def why_disabled(row: Integration) -> str:
    """Say why nothing is sent there; blank where something is."""
    return "" if row.enabled else (row.disabled_reason or "It was disabled by a person.")


@dataclass(frozen=True)
class StoredReceiver(Receiver):
    """Where an integration leads, with its settings and the names of the secrets it uses."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()

    @property
    def granted(self) -> list[str]:
        return list(self.secret_names)


class IntegrationProvider(Provider):
    """Its receivers are integrations of teams."""

    @classmethod
    def kind(cls) -> Any:
        return kinds.registry.get(cls.key)

    @classmethod
    def disable(cls, receiver_id: int, reason: str) -> None:
        services.disable(cls.kind(), receiver_id, reason)

    @classmethod
    def note(cls, recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
        services.note(cls.kind(), recovered, failed, now)


class StoredReceivers(IntegrationProvider):
    """Finds the receivers of a kind by what its form says."""

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        return {row.pk: cls._receiver(row) for row in cls.kind().rows().filter(pk__in=set(ids))}

    @classmethod
    def secrets(cls, receiver: Receiver) -> Mapping[str, str]:
        """Give the private settings by their fields, and the team's secrets that the settings name, by theirs."""
        pk = int(receiver.key.partition(":")[2])
        rows = cls.kind().rows().filter(pk=pk).values_list("private", flat=True)
        named = super().secrets(receiver)
        if not rows.exists():
            raise NotReady(f"The {cls.noun} {receiver.name} was deleted. Choose another.")
        return {**named, **opened(rows.first())}

    @classmethod
    def _receiver(cls, row: Integration) -> StoredReceiver:
        return StoredReceiver(
            cls.kind().key_of(row), row.name, row.team_id, why_disabled(row), settings=row.settings,
            secret_names=tuple(cls.kind().secret_names(row)), failing=row.failing_since is not None,
        )  # fmt: skip


class StoredWebProvider(StoredReceivers, WebProvider):
    """Builds one HTTP request from the settings of an integration, and reads its reply."""
