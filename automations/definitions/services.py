"""Services: create, change, enable and delete automations. What one says in words: `sentence.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft, check
from automations.definitions.scope_type import ScopePlace
from automations.definitions.sharing import name_for, note_end, note_use
from automations.models import Automation, Cooldown, WindowState
from common.data.unique_names import only_one
from common.data.validation_errors import refuse_in_use
from events import event_types, ledger
from outbound.provider import Provider, Receiver, receivers_of
from teams.audit import audit_log
from teams.models import Team, User
from teams.notices import team_notices

# Columns that nobody types.
_NOT_TYPED = [
    "project", "registry", "collection", "organization", "team", "created_by", "conditions", "action", "shared_from",
    "shared_with",
]  # fmt: skip
# What the audit log tells of, beside where it listens.
_AUDITED = (
    "name", "description", "enabled", "event_type", "conditions", "action_type", "action", "rate_limit",
    "cooldown_seconds", "cooldown_per", "notify_on_recovery",
)  # fmt: skip
# What makes it another question: what was remembered for the old one says nothing of the new.
_QUESTION = ("scope", "event_type", "conditions")


def create_automation(place: ScopePlace, draft: AutomationDraft, *, by: User | None) -> Automation:
    automation = unsaved(place, draft, by=by)
    automation.created_by = by
    with transaction.atomic():
        _saved(automation)
        note_use(automation, None)
        _record("create", automation, after=audit_values(automation), by=by)
    return automation


def unsaved(place: ScopePlace, draft: AutomationDraft, *, by: User | None = None) -> Automation:
    """Give the automation as it would be saved: for a backtest before that. Raises ValidationError."""
    return Automation(**place.stored, **check(draft, place, by=by).columns)


def change_automation(automation: Automation, draft: AutomationDraft, place: ScopePlace | None = None) -> Automation:
    """Put the draft in the automation's place, or let it listen in another; its history stays."""
    there = place or scopes.of_automation(automation)
    columns = {**check(draft, there).columns, **there.stored}
    question_before = [getattr(automation, name) for name in _QUESTION]
    heard_before, before = (automation.scope, automation.event_type), audit_values(automation)
    owner_before = automation.shared_from
    for name, value in columns.items():
        setattr(automation, name, value)
    with transaction.atomic():
        _saved(automation)
        count_listeners(*heard_before)
        if question_before != [getattr(automation, name) for name in _QUESTION]:
            WindowState.objects.filter(automation=automation).delete()
            Cooldown.objects.filter(automation=automation).delete()
        _record("change", automation, before=before, after=audit_values(automation))
        note_use(automation, owner_before)
    return automation


def set_enabled(automation: Automation, enabled: bool) -> Automation:
    with transaction.atomic():
        before = {"enabled": automation.enabled}
        automation.enabled = enabled
        automation.problem = ""
        automation.save(update_fields=["enabled", "problem", "updated_at"])
        team_notices.settle_notice(automation.team_id, automation.notice_key)
        count_listeners(automation.scope, automation.event_type)
        _record("enable" if enabled else "disable", automation, before=before, after={"enabled": enabled})
    return automation


def delete_automation(automation: Automation) -> None:
    """Take it out of use. What it has begun goes on, and its history can still be read."""
    with transaction.atomic():
        automation.deleted_at = timezone.now()
        automation.save(update_fields=["deleted_at"])
        team_notices.settle_notice(automation.team_id, automation.notice_key)
        count_listeners(automation.scope, automation.event_type)
        _record("delete", automation, before=audit_values(automation))
        note_end(automation)


def using(receiver_key: str) -> list[Automation]:
    """The automations whose action goes there."""
    rows = Automation.objects.filter(receiver_key=receiver_key, deleted_at__isnull=True)
    return list(rows.select_related("project__team").order_by("name"))


def free(receiver: Receiver, provider: type[Provider], *, confirmed: bool) -> list[Automation]:
    """Give the automations that send there, which need attention from now on. Unless confirmed, they are a Conflict."""
    users = using(receiver.key)
    if users and not confirmed:
        listed = ", ".join(user.name for user in users)
        refuse_in_use(provider.key, f"Automations use the {provider.noun} {receiver.name}: {listed}.")
    need_attention(users, f"Its {provider.noun} {receiver.name} was deleted. Edit the automation and choose another.")
    return users


def need_attention(automations: Iterable[Automation], problem: str) -> None:
    ids = [automation.pk for automation in automations]
    Automation.objects.filter(pk__in=ids).update(problem=problem[:500])


def audit_values(automation: Automation) -> dict[str, Any]:
    """Give what the audit log tells of an automation."""
    return audit_log.columns(automation, "scope_type", "scope_name", *_AUDITED)


def receiver_names(automations: Iterable[Automation]) -> dict[tuple[str, int], str]:
    """Give the names of the receivers by receiver and by the team that uses it, with one query for each provider.

    What is another team's is called by that too: `vision/retrain-hook`.
    """
    rows = list(automations)
    receivers = receivers_of(automation.receiver_key for automation in rows)
    used = [(receivers[row.receiver_key], row.team_id) for row in rows if row.receiver_key in receivers]
    others = {receiver.team_id for receiver, team_id in used if receiver.team_id != team_id}
    owners = Team.objects.in_bulk(others) if others else {}
    return {
        (receiver.key, team_id): name_for(owners.get(receiver.team_id), receiver.name) for receiver, team_id in used
    }


def receiver_name(automation: Automation, names: Mapping[tuple[str, int], str]) -> str:
    """Give the name of its receiver among these; blank where that is gone."""
    return names.get((automation.receiver_key, automation.team_id), "")


def _record(what: str, automation: Automation, *, by: User | None = None, **sides: Any) -> None:
    name = f"automation {automation.pk} {automation.name}"
    audit_log.record(f"automation.{what}", name, team=automation.team, by=by, **sides)


def _saved(automation: Automation) -> Automation:
    automation.full_clean(exclude=_NOT_TYPED, validate_constraints=False)
    same_name = Automation.all_rows.filter(scope=automation.scope, name=automation.name, deleted_at__isnull=True)
    message = f"There is an automation {automation.name!r} here already. Choose another name."
    with only_one(same_name.exclude(pk=automation.pk), message):
        automation.save()
        team_notices.settle_notice(automation.team_id, automation.notice_key)
        count_listeners(automation.scope, automation.event_type)
    return automation


def count_listeners(scope: str, event_type: str) -> None:
    """Tell the ledger how many listen to what this event type watches, in this scope."""
    if event_type not in event_types.registry:
        return
    kind = event_types.registry.get(event_type).kind
    watching = [other.key for other in event_types.registry if other.kind == kind]
    # With those that are hidden: their deletion may be undone.
    listening = Automation.all_rows.filter(scope=scope, event_type__in=watching, enabled=True, deleted_at__isnull=True)
    ledger.set_subscribers(kind, scope, listening.count)
