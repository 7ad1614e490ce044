"""Drafts: an automation as it is sent, validated whole before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from automations import cooldown_keys
from automations.actions import action as actions
from automations.conditions import condition as conditions
from automations.definitions.scope_type import ScopePlace
from automations.models import DAY_SECONDS, RATE_LIMIT
from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from outbound.provider import receivers_of
from teams.audit import actor
from teams.models import Team, User

MOST_RATE = 10_000
LONGEST_COOLDOWN_SECONDS = 365 * DAY_SECONDS


# Stored as they are sent, once they are checked.
_TAKEN_OVER = ("cooldown_seconds", "cooldown_per", "rate_limit", "notify_on_recovery")


@dataclass(frozen=True)
class AutomationDraft:
    """What a person or a script asks for. `conditions` and `action` are parameters with a `type`."""

    name: str
    event: str
    conditions: Sequence[Mapping[str, Any]]
    action: Mapping[str, Any]
    description: str = ""
    enabled: bool = True
    cooldown_seconds: int = DAY_SECONDS
    cooldown_per: str = cooldown_keys.RUN
    rate_limit: int = RATE_LIMIT
    notify_on_recovery: bool = False


@dataclass(frozen=True)
class CheckedDraft:
    """A draft that can be stored, as the columns of an automation."""

    columns: dict[str, Any] = field(default_factory=dict)


def check(draft: AutomationDraft, place: ScopePlace, *, by: User | None = None) -> CheckedDraft:
    """Give the columns to store, or raise one ValidationError with every field that is wrong.

    Fields are named by their path, such as `conditions.0.threshold` or `action.payload`. `by` is who asks, else whom
    the door knows: on their word the action may use what is another team's.
    """
    event = _event(draft.event, place)
    errors = _limits(draft)
    stored_conditions = _conditions(draft.conditions, event, errors)
    by = by or actor.current().person()
    action = _action(draft.action, event, place, by, errors)
    if errors or action is None:
        raise ValidationError(errors)
    return CheckedDraft(
        {
            "name": draft.name.strip(),
            "description": draft.description,
            "enabled": draft.enabled,
            "event_type": event.key,
            "conditions": stored_conditions,
            "action_type": action.key,
            "action": dict(action.params),
            "receiver_key": action.receiver_key,
            **_shared(action, place, by),
            **{name: getattr(draft, name) for name in _TAKEN_OVER},
            "problem": "",
        }
    )


def _shared(action: actions.Action, place: ScopePlace, by: User | None) -> dict[str, Any]:
    """Give whose the receiver is and on whose word it is used, where it is another team's."""
    receiver = receivers_of([action.receiver_key]).get(action.receiver_key)
    if receiver is None or receiver.team_id == place.team.pk:
        return {"shared_from": None, "shared_with": None}
    return {"shared_from": Team.objects.get(pk=receiver.team_id), "shared_with": by}


def _limits(draft: AutomationDraft) -> dict[str, list[str]]:
    """Give what is wrong with the numbers."""
    errors: dict[str, list[str]] = {}
    if not 0 <= draft.cooldown_seconds <= LONGEST_COOLDOWN_SECONDS:
        errors["cooldown_seconds"] = [
            f"{quoted(draft.cooldown_seconds)} is not between 0 (fire every time) "
            f"and {LONGEST_COOLDOWN_SECONDS} seconds."
        ]
    if problem := cooldown_keys.problem_of(draft.cooldown_per):
        errors["cooldown_per"] = [problem]
    if not 0 <= draft.rate_limit <= MOST_RATE:
        errors["rate_limit"] = [f"{quoted(draft.rate_limit)} is not between 0 (no limit) and {MOST_RATE} a minute."]
    return errors


def _event(name: str, place: ScopePlace) -> type[EventType]:
    try:
        event = event_types.by_wire_name(name)
    except UnknownKey as error:
        refuse("event", f"{error}.")
    if place.type not in event.scopes:
        scopes = ", ".join(event.scopes)
        refuse("event", f"{event.wire} does not happen in a {place.type}. Scopes that have it: {scopes}.")
    return event


def _conditions(
    sent: Sequence[Mapping[str, Any]], event: type[EventType], errors: dict[str, list[str]]
) -> list[dict[str, Any]]:
    fitting = {condition.key: condition for condition in conditions.conditions_of(event.key)}
    stored: list[dict[str, Any]] = []
    for place, one in enumerate(sent):
        path = f"conditions.{place}"
        kind = fitting.get(str(one.get("type")))
        if kind is None:
            listed = ", ".join(fitting)
            errors[f"{path}.type"] = [
                f"{quoted(one.get('type'))} is no condition of {event.wire}. Choose one of: {listed}."
            ]
        elif any(other["type"] == kind.key for other in stored):
            errors[f"{path}.type"] = [f"{kind.key!r} stands here twice; keep one."]
        else:
            params = _params(kind.Form.checked, one, path, errors)
            stored.append({"type": kind.key, **params})
    _require_defining(stored, event, errors)
    return stored


def _require_defining(stored: list[dict[str, Any]], event: type[EventType], errors: dict[str, list[str]]) -> None:
    defining = [kind for kind in conditions.conditions_of(event.key) if event.key in kind.defines]
    if errors or not defining or any(one["type"] in {kind.key for kind in defining} for one in stored):
        return
    names = " or ".join(kind.key for kind in defining)
    errors["conditions"] = [f'{event.wire} needs the condition {names}, such as {{"type": "{defining[0].key}", ...}}.']


def _action(
    sent: Mapping[str, Any],
    event: type[EventType],
    place: ScopePlace,
    by: User | None,
    errors: dict[str, list[str]],
) -> actions.Action | None:
    try:
        kind = actions.registry.get(sent.get("type"))
    except UnknownKey as error:
        errors["action.type"] = [f"{error}."]
        return None
    found: list[dict[str, Any]] = []

    def checked(params: Mapping[str, Any]) -> dict[str, Any]:
        found.append(kind.checked(params, team=place.team, event=event.key, by=by))
        return found[0]

    _params(checked, sent, "action", errors)
    return kind(found[0]) if found else None


def _params(check_params: Any, sent: Mapping[str, Any], path: str, errors: dict[str, list[str]]) -> dict[str, Any]:
    """Check the parameters beside `type`; what is wrong with them is noted under their path."""
    try:
        params: dict[str, Any] = check_params({name: value for name, value in sent.items() if name != "type"})
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            errors[path if name == "__all__" else f"{path}.{name}"] = texts
        return {}
    return params
