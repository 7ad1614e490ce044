"""Event types: the registry of what can happen. Each app registers its own in its `event_types.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from common.data.batches import batched
from common.data.validation_errors import quoted
from common.plugins import Plugin, PluginRegistry, UnknownKey
from events.models import Event

_REPLAY_BATCH = 500
# Stands in a sentence where what the event is about is named.
SUBJECT = "{subject}"


@dataclass(frozen=True)
class Variable:
    """A `${name}` of payloads: what it means, and what it looks like."""

    name: str
    meaning: str
    sample: object


@dataclass(frozen=True)
class Subject:
    """What an event is about, as plain values: this is all that conditions see of it.

    `key` names the one thing that cooldowns and windows belong to, such as `run:12`.
    """

    key: str
    label: str
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventContext:
    """An event with its subject, ready to be judged.

    `quiet_reason` says why no automation acts on it, whatever its conditions say; blank: it may.
    """

    event_id: int
    kind: str
    actor: str
    occurred_at: datetime
    subject: Subject
    data: Mapping[str, Any]
    quiet_reason: str = ""


class EventType(Plugin):
    """An event people can choose. `kind` is the ledger's row it watches: several types may watch one."""

    # The name on the wire: REST, GraphQL and the variable ${event_type}; W&B's own.
    wire: ClassVar[str]
    # What ${event_type} says where W&B's payloads say it otherwise.
    payload_name: ClassVar[str] = ""
    kind: ClassVar[str]
    # What it is about: "run", "artifact" or "collection"; and that in a sentence.
    about: ClassVar[str]
    subject: ClassVar[str]
    # What happens, where no condition says it: `SUBJECT is linked`.
    clause: ClassVar[str] = ""
    # Where it can happen, by the keys of `automations.definitions.scopes`.
    scopes: ClassVar[tuple[str, ...]]
    # Whether it goes on in time, so that a cooldown follows a fire.
    has_cooldown: ClassVar[bool] = False
    # Whether what is stored tells of every one, also of those that nobody listened to.
    can_backtest: ClassVar[bool] = True
    variables: ClassVar[tuple[Variable, ...]] = ()

    @classmethod
    def contexts(cls, events: list[Event]) -> dict[int, EventContext]:
        """Give what each event is about, by its id; an event whose subject is gone is left out."""
        raise NotImplementedError

    @classmethod
    def told_state(cls, context: EventContext) -> str:
        """Give the state that the event tells of, each of which has a cooldown of its own; blank: it tells of none."""
        return ""

    @classmethod
    def hidden_scopes(cls) -> frozenset[str]:
        """Give the scopes of which nothing is told, as they are being deleted."""
        return frozenset()

    @classmethod
    def replay(cls, scope: str, since: datetime, until: datetime) -> Iterator[EventContext]:
        """Give what happened in the scope in that time, in order, from what is stored."""
        rows = Event.objects.filter(kind=cls.kind, occurred_at__gte=since, occurred_at__lt=until).order_by("id")
        hidden = cls.hidden_scopes()
        for batch in batched(rows.iterator(_REPLAY_BATCH), _REPLAY_BATCH):
            events = [event for event in batch if scope in event.scopes and hidden.isdisjoint(event.scopes)]
            contexts = cls.contexts(events)
            yield from (contexts[event.pk] for event in events if event.pk in contexts)

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        """Give the values of `variables` for what happened."""
        raise NotImplementedError


registry: PluginRegistry[EventType] = PluginRegistry("event")


def by_wire_name(name: object) -> type[EventType]:
    """Give the type by its name on the wire (or its key), whatever its case. Raises UnknownKey."""
    wanted = str(name).strip().upper()
    for event_type in registry:
        if wanted in (event_type.wire, event_type.key.upper()):
            return event_type
    names = ", ".join(event_type.wire for event_type in registry)
    raise UnknownKey(f"{quoted(name)} is no event. Choose one of: {names}")
