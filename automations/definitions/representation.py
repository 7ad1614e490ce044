"""The representation of an automation: plain values, as REST and YAML take and give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automations.actions import action as actions
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.sentence import sentence_of
from automations.definitions.services import receiver_name, receiver_names
from automations.models import Automation
from common.plugins import UnknownKey
from events import event_types


def as_sent(automation: Automation, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    """Give the automation as it can be sent back."""
    name = receiver_name(automation, names)
    return {
        "id": automation.pk,
        "name": automation.name,
        "description": automation.description,
        "enabled": automation.enabled,
        "scope": scope_of(automation),
        "event": _wire(automation.event_type),
        "conditions": automation.conditions,
        "action": {"type": automation.action_type, **_action(automation, name)},
        "cooldown_seconds": automation.cooldown_seconds,
        "cooldown_per": automation.cooldown_per,
        "rate_limit": automation.rate_limit,
        "notify_on_recovery": automation.notify_on_recovery,
        "sentence": str(sentence_of(automation, name)),
        "problem": automation.problem,
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
    }


def scope_of(automation: Automation) -> dict[str, str]:
    """Give the scope as it can be sent back; with the team where it is not in the name."""
    scope = {"type": automation.scope_type, "name": automation.scope_name}
    shared = automation.registry_id or automation.organization_id or automation.scope_type == "registry_collection"
    return {**scope, "team": automation.team.name} if shared else scope


def draft_of(automation: Automation) -> AutomationDraft:
    """Give the stored automation as a draft, so that a part of it can be changed."""
    now = as_sent(automation, receiver_names([automation]))
    return AutomationDraft(**{name: now[name] for name in AutomationDraft.__dataclass_fields__})


def _wire(event_type: str) -> str:
    return event_types.registry.get(event_type).wire if event_type in event_types.registry else event_type


def _action(automation: Automation, receiver_name: str) -> dict[str, Any]:
    """Give the action as it was sent; as it is stored, where what is stored cannot be read."""
    try:
        return actions.registry.get(automation.action_type)(automation.action).params_by_name(receiver_name)
    except (UnknownKey, KeyError, TypeError):
        return dict(automation.action)
