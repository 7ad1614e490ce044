"""Versions to test with, and what the ledger says of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from artifacts.models import Collection, Entry, Registry
from artifacts.services import create_version, get_or_create_collection
from events import event_types
from events.models import Event
from tests.world import World


@pytest.fixture
def known_event_types() -> Iterator[Any]:
    """The event types of artifacts, known for the length of a test whether the app registers them or not."""
    before = dict(event_types.registry._classes)
    module = import_module("artifacts.event_types")
    for name in vars(module).values():
        if isinstance(name, type) and issubclass(name, event_types.EventType) and "key" in vars(name):
            event_types.registry._classes[name.key] = name
    yield event_types.registry
    event_types.registry._classes.clear()
    event_types.registry._classes.update(before)


@pytest.fixture
def model(world: World) -> Collection:
    """The collection acme/mnist/model."""
    return get_or_create_collection(world.project, "model", "model")[0]


@pytest.fixture
def production(world: World) -> Collection:
    """The collection `production` of the registry `models`, empty."""
    registry = Registry.objects.create(organization=world.team.organization, name="models")
    return get_or_create_collection(registry, "production", "model", holds_links=True)[0]


def made(collection: Collection, digest: str, **values: Any) -> Entry:
    return create_version(collection, digest, **values).entry


def events_after(since: int = 0) -> list[tuple[str, str]]:
    """Give the events after the first `since`, in order, each with the alias or tag it is about."""
    events = list(Event.objects.order_by("id"))[since:]
    return [(event.kind, event.data.get("alias") or event.data.get("tag", "")) for event in events]


def aliases_of(collection: Collection) -> dict[str, str]:
    """Give which version each alias stands for."""
    return {alias.name: f"v{alias.entry.index}" for alias in collection.aliases.select_related("entry")}


def refused(error: pytest.ExceptionInfo[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = error.value.message_dict
    return found
