"""The base class of providers: builds the request for one kind of receiver, and reads the reply into an outcome."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django_stubs_ext import StrOrPromise

from common.data.strict_json import storable
from common.data.validation_errors import quoted
from common.plugins import Plugin, PluginRegistry, UnknownKey
from secrets_vault.services import reveal


@dataclass(frozen=True)
class Receiver:
    """A receiver as it is set up now. Providers add what they need to reach it.

    `timeout_seconds` None and `retry_seconds` empty: the installation's. `failing`: the last that was sent failed.
    """

    key: str
    name: str
    team_id: int
    disabled_reason: str = ""
    timeout_seconds: int | None = field(default=None, kw_only=True)
    retry_seconds: tuple[int, ...] = field(default=(), kw_only=True)
    failing: bool = field(default=False, kw_only=True)

    @property
    def granted(self) -> list[str]:
        """The names of the team's secrets that it uses, and that payloads sent there may use."""
        return []


@dataclass(frozen=True)
class Delivery:
    """What is sent this time: `masked` is the form of `body` that may be stored. `id` is the same on each try."""

    id: str
    body: bytes = field(repr=False)
    masked: str
    timestamp: int
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What an answer means: whether it worked, what a person should know, and what happens next."""

    ok: bool
    detail: str
    retry: bool = False
    retry_after_seconds: float | None = None
    disable: bool = False
    # Something here is missing, such as a key of the vault: nothing was tried, so no try is counted.
    waits: bool = False
    # The receiver itself announced when to come again: no try is used up, and all that goes there waits until then.
    announced: bool = False

    def __post_init__(self) -> None:
        # A receiver's own words may be in it, and it is stored.
        object.__setattr__(self, "detail", storable(self.detail))


@dataclass(frozen=True)
class Record:
    """What may be stored and shown of a try: secrets are masked in both."""

    request: dict[str, Any]
    reply: dict[str, Any] | None
    outcome: Outcome
    seconds: float


class NotReady(Exception):
    """The receiver cannot be used as it is set up; the message says what to mend."""


class Provider(Plugin):
    """Knows one kind of receiver: where they are, what they need, and how they are spoken to."""

    # What people call one of its receivers, in a sentence.
    noun: ClassVar[StrOrPromise]
    # From one delivery to the next at one receiver, one at a time; 0: several at once, as fast as it answers.
    spacing_seconds: ClassVar[float] = 0.0
    # Whether it changes something of ours: then `carry_out` stands in for `send`.
    at_home: ClassVar[bool] = False

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        """Give those of the receivers that exist, in one query."""
        raise NotImplementedError

    @classmethod
    def disable(cls, receiver_id: int, reason: str) -> None:
        """Send there no more, until a person enables it again."""
        raise NotImplementedError

    @classmethod
    def note(cls, recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
        """Remember which receivers that were failing took something and which failed, to give up on the hopeless."""

    @classmethod
    def secrets(cls, receiver: Receiver) -> Mapping[str, str]:
        """Give what sending there takes, in plain text. Raises NotReady, and SecretUnavailable."""
        values = reveal(receiver.team_id, receiver.granted)
        missing = ", ".join(name for name in receiver.granted if name not in values)
        if missing:
            raise NotReady(
                f"The {cls.noun} {receiver.name} uses the secret {missing}, which does not exist. Add it again."
            )
        return values

    @classmethod
    def shares(cls, team_id: int) -> bool:
        """Say whether this team lets who belongs to another one too send through its receivers from there."""
        return False

    @classmethod
    def resumed(cls, receiver: Receiver, replies: Iterable[Any]) -> Receiver:
        """Give the receiver as the earlier tries of this delivery left it.

        `replies` is what was kept of them (`Record.reply`), the oldest first; it is looked up when it is first read.
        """
        return receiver

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        """Send it, once, from any thread and without the database.

        Never raises for what the network or the receiver does: that is the outcome.
        """
        raise NotImplementedError

    @classmethod
    def carry_out(cls, receiver: Receiver, delivery: Delivery, about: Mapping[str, Any]) -> Outcome:
        """Do it here, in the transaction that stores the attempt. `about` is the data of the event.

        What cannot be done is the outcome; what the database raises takes the attempt back too.
        """
        raise NotImplementedError


registry: PluginRegistry[Provider] = PluginRegistry("provider")
_ID = re.compile(r"[0-9]{1,18}")


def provider_of(receiver_key: str) -> tuple[type[Provider], int]:
    """Give the provider and the id that a key such as `KIND:12` names. Raises UnknownKey."""
    key, _, number = receiver_key.partition(":")
    if not _ID.fullmatch(number):
        raise UnknownKey(f"{quoted(receiver_key)} names no receiver, as KIND:12 does")
    return registry.get(key), int(number)


def receivers_of(receiver_keys: Iterable[str]) -> dict[str, Receiver]:
    """Give those of the receivers that exist by receiver, with one query for each provider."""
    wanted: dict[type[Provider], set[int]] = defaultdict(set)
    for receiver_key in set(receiver_keys):
        with suppress(UnknownKey):
            provider, pk = provider_of(receiver_key)
            wanted[provider].add(pk)
    return {
        f"{provider.key}:{pk}": receiver
        for provider, ids in wanted.items()
        for pk, receiver in provider.receivers(ids).items()
    }
