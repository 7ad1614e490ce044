"""What people call the kinds of events, actions and scopes. One that is not known here goes by its key."""

from __future__ import annotations

from typing import Any

from automations import action, scopes
from common.registry import Registry
from events import types


def event_label(key: str) -> str:
    return _label(types.registry, key)


def action_label(key: str) -> str:
    return _label(action.registry, key)


def scope_label(key: str) -> str:
    return _label(scopes.registry, key)


def _label(registry: Registry[Any], key: str) -> str:
    return str(registry.get(key).label) if key in registry else key
