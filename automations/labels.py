"""Labels of event types, actions and scopes. A key that is not known here goes by itself."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from automations import cooldown_keys
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


def cooldown_label(cooldown_per: str) -> str:
    """Say in words what a cooldown is kept for: run, group of runs, lr of the config."""
    if cooldown_per.startswith(cooldown_keys.CONFIG):
        return _("%(key)s of the config") % {"key": cooldown_per.removeprefix(cooldown_keys.CONFIG)}
    words = {cooldown_keys.RUN: _("run"), cooldown_keys.GROUP: _("group of runs"), cooldown_keys.PROJECT: _("project")}
    return words.get(cooldown_per, cooldown_per)


def _label(registry: PluginRegistry[Any], key: str) -> str:
    return str(registry.get(key).label) if key in registry else key
