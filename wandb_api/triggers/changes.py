"""Make and change automations from what the SDK sent: it sends one whole, also where only its name changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from automations import scopes, services
from automations.drafts import Draft
from automations.models import Automation
from automations.scopes import Place
from automations.serializers import draft_of
from common.refusals import refuse
from teams.models import User
from wandb_api.triggers import actions, filters
from wandb_api.triggers.integrations import Integration, integrations_at
from wandb_api.triggers.scopes import place_by_id, scope_id

Sent = Mapping[str, Any]


def create(user: User, sent: Sent) -> Automation:
    asked = actions.asked(user, sent["triggeredActionType"], sent["triggeredActionConfig"])
    place = place_by_id(user, sent["scopeID"], asked.uses)
    event = sent["triggeringEventType"]
    draft = Draft(
        name=sent["name"],
        event=event,
        conditions=filters.conditions_sent(event, sent["eventFilter"]),
        action=asked.params,
        description=sent.get("description") or "",
        enabled=sent["enabled"],
    )
    return services.create_automation(place, draft, by=user)


def change(user: User, automation: Automation, sent: Sent) -> Automation:
    """Change what differs from what was handed out. What the SDK has no words for stays as it is."""
    now = draft_of(automation)
    draft = _with_event(automation, _with_texts(now, sent), sent)
    there = integrations_at([automation.target]).get(automation.target)
    uses, draft = _with_action(user, automation, there, draft, sent)
    place = _place(user, automation, sent, uses)
    if place.key == automation.scope and draft == replace(now, enabled=draft.enabled):
        # Also where it could not be saved as it is: its webhook is gone, say.
        return automation if draft == now else services.set_enabled(automation, draft.enabled)
    return services.change_automation(automation, draft, place)


def _with_texts(now: Draft, sent: Sent) -> Draft:
    given: dict[str, Any] = {name: sent[name] for name in ("name", "enabled") if sent.get(name) is not None}
    # The SDK says null for none; left out, it is as it was.
    if "description" in sent:
        given["description"] = sent["description"] or ""
    return replace(now, **given)


def _with_event(automation: Automation, draft: Draft, sent: Sent) -> Draft:
    event, text = sent.get("triggeringEventType"), sent.get("eventFilter")
    if text is None:
        if event not in (None, filters.event_shown(automation.event_type)):
            refuse(filters.FIELD, "Send the filter of the new event with it.")
        return draft
    known = event or filters.event_shown(automation.event_type)
    changed = filters.conditions_changed(automation.event_type, automation.conditions, known, text)
    return draft if changed is None else replace(draft, event=known, conditions=changed)


def _with_action(
    user: User, automation: Automation, there: Integration | None, draft: Draft, sent: Sent
) -> tuple[Integration | None, Draft]:
    """Give what the action goes to, which was `there`, and the draft with it."""
    name, config = sent.get("triggeredActionType"), sent.get("triggeredActionConfig")
    if name is None or config is None or actions.is_as_shown(automation, there, name, config):
        return there, draft
    asked = actions.asked(user, name, config)
    return asked.uses, replace(draft, action=asked.params)


def _place(user: User, automation: Automation, sent: Sent, uses: Integration | None) -> Place:
    """Give where it listens from now on: elsewhere, or where it was; another team acts if the action is that team's."""
    there = sent.get("scopeID") or scope_id(automation)
    if there != scope_id(automation) or (uses is not None and uses.team_id != automation.team_id):
        return place_by_id(user, there, uses)
    return scopes.of_automation(automation)
