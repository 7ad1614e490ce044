"""An automation as the engine uses it: its stored parameters made into conditions and an action."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import ValidationError

from automations import action, condition
from automations.action import Action
from automations.condition import Condition
from automations.engine.restraint import Limits
from automations.models import Automation
from common.registry import UnknownKey
from events import types
from integrations.provider import provider_of

_REMEDY = "Save it again to repair it."


class Broken(Exception):
    """What is stored makes no automation; the message says what is wrong with it."""


@dataclass(frozen=True)
class Listener:
    automation: Automation
    filters: tuple[Condition, ...]
    defining: Condition | None
    action: Action
    limits: Limits

    @classmethod
    def of(cls, automation: Automation) -> Listener:
        """Read the stored automation. Raises Broken, whatever stands in it."""
        try:
            conditions = [_condition(stored) for stored in automation.conditions]
            act = action.registry.get(automation.action_type)(automation.action)
            target = act.target
            provider_of(target)
        except ValidationError as error:
            raise Broken(f"What is stored of it is refused now: {' '.join(error.messages)} {_REMEDY}") from error
        except (UnknownKey, KeyError, TypeError, AttributeError, ValueError) as error:
            raise Broken(f"What is stored of it cannot be read ({error}). {_REMEDY}") from error
        if target != automation.target:
            raise Broken(f"Its action goes to {target}, but {automation.target} is noted. {_REMEDY}")
        defining = [one for one in conditions if automation.event_type in one.defines]
        filters = [one for one in conditions if one not in defining]
        return cls(automation, tuple(filters), defining[0] if defining else None, act, _limits(automation))


def _limits(automation: Automation) -> Limits:
    # Only what goes on in time is rested about: each new version of an artifact is news.
    rests = types.registry.get(automation.event_type).rests
    seconds = automation.rest_seconds if rests else 0
    return Limits(automation.pk, seconds, automation.rate_limit, automation.recovery)


def _condition(stored: dict[str, object]) -> Condition:
    # Kept by what is stored, not by whose it is: a form costs more than judging a chunk, and nothing goes stale.
    kind = condition.registry.get(stored["type"])
    return _read(kind, json.dumps(stored))  # type: ignore[arg-type]  # mypy doubts that a class has a hash


@lru_cache(maxsize=10_000)
def _read(kind: type[Condition], text: str) -> Condition:
    stored = json.loads(text)
    params = {name: value for name, value in stored.items() if name != "type"}
    found = kind(kind.Form.checked({name: value for name, value in params.items() if value is not None}))
    # `describe` reads every parameter: what it cannot read, `judge` could not either.
    found.describe()
    return found
