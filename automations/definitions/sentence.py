"""The sentence that people read of an automation: when it acts, and what it does."""

from __future__ import annotations

from automations.actions import action as actions
from automations.conditions import condition as conditions
from automations.models import Automation
from common.pages.rich_text import RichText, joined, rich_text, strong
from common.plugins import UnknownKey
from events import event_types


def sentence_of(automation: Automation, receiver_name: str) -> str:
    """Say the automation in one sentence; the same one everywhere. Rich text: pages mark what matters in it."""
    try:
        act = actions.registry.get(automation.action_type)(automation.action)
        return rich_text(moment_of(automation), ", ", act.describe(receiver_name), ".")
    except (UnknownKey, KeyError, TypeError, ValueError):
        return "This automation cannot be read. Edit it to repair it."


def warnings_of(automation: Automation) -> list[str]:
    """Say what of its action is perhaps not meant as it is written; nothing of one that cannot be read."""
    try:
        return actions.registry.get(automation.action_type)(automation.action).warnings()
    except (UnknownKey, KeyError, TypeError):
        return []


def moment_of(automation: Automation) -> str:
    """Say when it acts: the first half of its sentence. Raises what reading it raises."""
    asked = [conditions.registry.get(one["type"])(one) for one in automation.conditions]
    defining = [one for one in asked if automation.event_type in one.defines]
    event = event_types.registry.get(automation.event_type)
    narrowing = {one: words for one in asked if one not in defining and (words := one.narrows(event.clause))}
    rest = [one for one in asked if one not in defining and one not in narrowing]
    which = [piece for one in rest for piece in (" ", one.describe())]
    when = joined(" and ", (one.describe() for one in defining)) or rich_text(
        event.clause, joined(" and", narrowing.values())
    )
    subject = rich_text(f"{event.subject} of ", _listens_in(automation), *which)
    return rich_text("When ", when).put(event_types.SUBJECT, subject)


def _listens_in(automation: Automation) -> RichText:
    name = strong(automation.scope_name)
    return name if automation.scope_type == "project" else rich_text(f"{automation.scope_type} ", name)
