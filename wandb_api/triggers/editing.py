"""Create and update automations from what the SDK sent: it sends one whole, also where only its name changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from automations.definitions import scopes, services
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.representation import draft_of
from automations.definitions.scope_type import ScopePlace
from automations.models import Automation
from common.data.validation_errors import refuse
from integrations.models import Integration
from teams.models import User
from wandb_api.triggers import actions, event_filters
from wandb_api.triggers.integrations import integrations_at
from wandb_api.triggers.scopes import scope_by_id, scope_id

Sent = Mapping[str, Any]


def create(user: User, sent: Sent) -> Automation:
    asked = actions.read_action(user, sent["triggeredActionType"], sent["triggeredActionConfig"])
    place = scope_by_id(user, sent["scopeID"], asked.uses)
    event = sent["triggeringEventType"]
    draft = AutomationDraft(
        name=sent["name"],
        event=event,
        conditions=event_filters.conditions_sent(event, sent["eventFilter"]),
        action=asked.named_for(place.team),
        description=sent.get("description") or "",
        enabled=sent["enabled"],
    )
    return services.create_automation(place, draft, by=user)


def change(user: User, automation: Automation, sent: Sent) -> Automation:
    """Change what differs from what was handed out. What the SDK has no words for stays as it is."""
    now = draft_of(automation)
    draft = _with_event(automation, _with_texts(now, sent), sent)
    there = integrations_at([automation.receiver_key]).get(automation.receiver_key)
    asked = _action(user, automation, there, sent)
    place = _place(user, automation, sent, asked.uses if asked else there)
    draft = replace(draft, action=asked.named_for(place.team)) if asked else draft
    if place.key == automation.scope and draft == replace(now, enabled=draft.enabled):
        # Also where it could not be saved as it is: its integration is gone, say.
        return automation if draft == now else services.set_enabled(automation, draft.enabled)
    return services.change_automation(automation, draft, place)


def _with_texts(now: AutomationDraft, sent: Sent) -> AutomationDraft:
    given: dict[str, Any] = {name: sent[name] for name in ("name", "enabled") if sent.get(name) is not None}
    # The SDK says null for none; left out, it is as it was.
    if "description" in sent:
        given["description"] = sent["description"] or ""
    return replace(now, **given)


def _with_event(automation: Automation, draft: AutomationDraft, sent: Sent) -> AutomationDraft:
    event, text = sent.get("triggeringEventType"), sent.get("eventFilter")
    if text is None:
        if event not in (None, event_filters.sdk_event_type(automation.event_type)):
            refuse(event_filters.FIELD, "Send the filter of the new event with it.")
        return draft
    known = event or event_filters.sdk_event_type(automation.event_type)
    changed = event_filters.conditions_changed(automation.event_type, automation.conditions, known, text)
    return draft if changed is None else replace(draft, event=known, conditions=changed)


def _action(
    user: User, automation: Automation, there: Integration | None, sent: Sent
) -> actions.RequestedAction | None:
    """Give the action that is asked for; None where it stays, which goes to what is `there`."""
    name, config = sent.get("triggeredActionType"), sent.get("triggeredActionConfig")
    if name is None or config is None or actions.is_unchanged(automation, there, name, config):
        return None
    return actions.read_action(user, name, config)


def _place(user: User, automation: Automation, sent: Sent, uses: Integration | None) -> ScopePlace:
    """Give where it listens from now on: elsewhere, or where it was; another team acts if the action is that team's."""
    there = sent.get("scopeID") or scope_id(automation)
    known = (automation.team_id, automation.shared_from_id)
    if there != scope_id(automation) or (uses is not None and uses.team_id not in known):
        return scope_by_id(user, there, uses)
    return scopes.of_automation(automation)
