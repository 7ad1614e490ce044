"""Labels of event types, actions and scopes. A key that is not known here goes by itself."""

from __future__ import annotations

from typing import Any

from automations.actions import action
from automations.definitions import scope_type
from common.plugins import PluginRegistry
from events import event_types


def event_label(key: str) -> str:
    return _label(event_types.registry, key)


def action_label(key: str) -> str:
    return _label(action.registry, key)


def scope_label(key: str) -> str:
    return _label(scope_type.registry, key)


def _label(registry: PluginRegistry[Any], key: str) -> str:
    return str(registry.get(key).label) if key in registry else key
