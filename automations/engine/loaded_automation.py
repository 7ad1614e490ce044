"""A loaded automation: its stored parameters made into conditions and an action, for the engine."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from automations.actions import action
from automations.actions.action import Action
from automations.conditions import condition
from automations.conditions.condition import Condition
from automations.engine.throttling import Limits
from automations.models import Automation
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from outbound.provider import provider_of
from teams.audit import audit_log
from teams.notices import team_notices

logger = logging.getLogger(__name__)

_REMEDY = "Save it again to repair it."


class UnreadableAutomation(Exception):
    """What is stored makes no automation; the message says what is wrong with it."""


@dataclass(frozen=True)
class LoadedAutomation:
    automation: Automation
    filters: tuple[Condition, ...]
    defining: Condition | None
    action: Action
    limits: Limits

    @property
    def event_type(self) -> type[EventType]:
        return event_types.registry.get(self.automation.event_type)

    @classmethod
    def of(cls, automation: Automation) -> LoadedAutomation:
        """Read the stored automation. Raises Broken, whatever stands in it."""
        try:
            conditions = [_condition(stored) for stored in automation.conditions]
            act = action.registry.get(automation.action_type)(automation.action)
            key = act.receiver_key
            provider_of(key)
        except ValidationError as error:
            raise UnreadableAutomation(
                f"What is stored of it is refused now: {' '.join(error.messages)} {_REMEDY}"
            ) from error
        except (UnknownKey, KeyError, TypeError, AttributeError, ValueError) as error:
            raise UnreadableAutomation(f"What is stored of it cannot be read ({error}). {_REMEDY}") from error
        if key != automation.receiver_key:
            raise UnreadableAutomation(f"Its action goes to {key}, but {automation.receiver_key} is noted. {_REMEDY}")
        defining = [one for one in conditions if automation.event_type in one.defines]
        filters = [one for one in conditions if one not in defining]
        return cls(automation, tuple(filters), defining[0] if defining else None, act, _limits(automation))


def load_automations(automations: Iterable[Automation]) -> Iterator[LoadedAutomation]:
    """Give those that can be read, in order. One that cannot is disabled and its team told; it stops no other."""
    for automation in automations:
        try:
            yield LoadedAutomation.of(automation)
        except UnreadableAutomation as error:
            _disable(automation, str(error))


def _disable(automation: Automation, problem: str) -> None:
    logger.error("automation %s is disabled: %s", automation.pk, problem)
    with transaction.atomic():
        rows = Automation.objects.filter(pk=automation.pk, enabled=True)
        if not rows.update(enabled=False, problem=problem[:500]):
            return
        text = _("The automation %(name)s is disabled. %(problem)s") % {"name": automation.name, "problem": problem}
        team_notices.open_notice(automation.team_id, automation.notice_key, text, automation.get_absolute_url())
        about = f"automation {automation.pk} {automation.name}"
        before, after = {"enabled": True}, {"enabled": False, "problem": problem}
        audit_log.record("automation.disable", about, team=automation.team, before=before, after=after)


def _limits(automation: Automation) -> Limits:
    # Only what goes on in time has a cooldown: each new version of an artifact is news.
    has_cooldown = event_types.registry.get(automation.event_type).has_cooldown
    seconds = automation.cooldown_seconds if has_cooldown else 0
    return Limits(
        automation_id=automation.pk,
        cooldown_seconds=seconds,
        rate_limit=automation.rate_limit,
        notify_on_recovery=automation.notify_on_recovery,
        cooldown_per=automation.cooldown_per,
        event_type=automation.event_type,
    )


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
