"""Make, change, enable and remove automations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import transaction
from django.utils import timezone

from automations import action as actions
from automations import condition as conditions
from automations import scopes
from automations.drafts import Draft, check
from automations.models import Automation, Memory, Rest
from automations.scopes import Place
from common.phrase import Phrase, joined, phrase, strong
from common.refusals import Conflict
from common.registry import UnknownKey
from common.twins import only_one
from events import ledger, types
from integrations import services as integrations
from integrations import slack_services as slack
from integrations.models import SlackChannel, Webhook
from integrations.provider import Endpoint, Provider, endpoints_of
from integrations.providers.slack import SlackProvider
from integrations.providers.slack import endpoint_of as slack_endpoint_of
from integrations.providers.webhook import WebhookProvider, endpoint_of
from secrets_vault import services as secrets_vault
from secrets_vault.models import Secret
from teams import audit, notices
from teams.models import User

# Columns that nobody types.
_NOT_TYPED = ["project", "registry", "collection", "organization", "team", "created_by", "conditions", "action"]
# What the audit log tells of, beside where it listens.
_TOLD = (
    "name", "description", "enabled", "event_type", "conditions", "action_type", "action", "rest_seconds", "rate_limit",
    "recovery",
)  # fmt: skip
# What makes it another question: what was remembered for the old one says nothing of the new.
_ASKED = ("scope", "event_type", "conditions")


def create_automation(place: Place, draft: Draft, *, by: User | None) -> Automation:
    automation = unsaved(place, draft)
    automation.created_by = by
    with transaction.atomic():
        _saved(automation)
        _record("create", automation, after=told(automation), by=by)
    return automation


def unsaved(place: Place, draft: Draft) -> Automation:
    """Give the automation as it would be saved: for a look back before that. Raises ValidationError."""
    return Automation(**place.stored, **check(draft, place).columns)


def change_automation(automation: Automation, draft: Draft, place: Place | None = None) -> Automation:
    """Put the draft in the automation's place, or let it listen in another; its history stays."""
    there = place or scopes.of_automation(automation)
    columns = {**check(draft, there).columns, **there.stored}
    asked_before = [getattr(automation, name) for name in _ASKED]
    heard_before, before = (automation.scope, automation.event_type), told(automation)
    for name, value in columns.items():
        setattr(automation, name, value)
    with transaction.atomic():
        _saved(automation)
        _listen(*heard_before)
        if asked_before != [getattr(automation, name) for name in _ASKED]:
            Memory.objects.filter(automation=automation).delete()
            Rest.objects.filter(automation=automation).delete()
        _record("change", automation, before=before, after=told(automation))
    return automation


def set_enabled(automation: Automation, enabled: bool) -> Automation:
    with transaction.atomic():
        before = {"enabled": automation.enabled}
        automation.enabled = enabled
        automation.problem = ""
        automation.save(update_fields=["enabled", "problem", "updated_at"])
        notices.settle(automation.team_id, automation.notice_key)
        _listen(automation.scope, automation.event_type)
        _record("enable" if enabled else "disable", automation, before=before, after={"enabled": enabled})
    return automation


def delete_automation(automation: Automation) -> None:
    """Take it out of use. What it has begun goes on, and its history can still be read."""
    with transaction.atomic():
        automation.deleted_at = timezone.now()
        automation.save(update_fields=["deleted_at"])
        notices.settle(automation.team_id, automation.notice_key)
        _listen(automation.scope, automation.event_type)
        _record("delete", automation, before=told(automation))


def using(target: str) -> list[Automation]:
    """The automations whose action goes there."""
    rows = Automation.objects.filter(target=target, deleted_at__isnull=True)
    return list(rows.select_related("project__team").order_by("name"))


def delete_webhook(webhook: Webhook, *, confirmed: bool = False) -> None:
    """Remove it. Automations that use it are a Conflict, unless confirmed: then they need attention."""
    with transaction.atomic():
        users = _free_target(endpoint_of(webhook), WebhookProvider, confirmed=confirmed)
        integrations.delete_webhook(webhook, used_by={"automations": [user.name for user in users]})


def delete_slack_channel(channel: SlackChannel, *, confirmed: bool = False) -> None:
    """Remove it. Automations that use it are a Conflict, unless confirmed: then they need attention."""
    with transaction.atomic():
        users = _free_target(slack_endpoint_of(channel), SlackProvider, confirmed=confirmed)
        slack.delete_channel(channel, used_by={"automations": [user.name for user in users]})


def delete_secret(secret: Secret, *, confirmed: bool = False) -> None:
    """Remove it. Webhooks that use it are a Conflict, unless confirmed: then their automations need attention."""
    webhooks = integrations.webhooks_with(secret)
    if webhooks and not confirmed:
        _refuse_in_use("secret", f"Webhooks use the secret {secret.name}: {_listed(webhooks)}.")
    with transaction.atomic():
        for webhook in webhooks:
            problem = f"The secret {secret.name} of its webhook {webhook.name} was deleted."
            _need_attention(using(endpoint_of(webhook).key), f"{problem} Add it again, then save the automation.")
        secrets_vault.delete_secret(secret, used_by={"webhooks": [webhook.name for webhook in webhooks]})


def told(automation: Automation) -> dict[str, Any]:
    """Give what the audit log tells of an automation."""
    return audit.columns(automation, "scope_type", "scope_name", *_TOLD)


def names_of_targets(automations: Iterable[Automation]) -> dict[str, str]:
    """Give the names of the receivers that these automations use, with one query for each provider."""
    endpoints = endpoints_of(automation.target for automation in automations)
    return {target: endpoint.name for target, endpoint in endpoints.items()}


def sentence(automation: Automation, target_name: str) -> str:
    """Say the automation in one sentence; the same one everywhere. A Phrase: pages mark what matters in it."""
    try:
        act = actions.registry.get(automation.action_type)(automation.action)
        return phrase(moment(automation), ", ", act.describe(target_name), ".")
    except (UnknownKey, KeyError, TypeError, ValueError):
        return "This automation cannot be read. Edit it to repair it."


def moment(automation: Automation) -> str:
    """Say when it acts: the first half of its sentence. Raises what reading it raises."""
    asked = [conditions.registry.get(one["type"])(one) for one in automation.conditions]
    defining = [one for one in asked if automation.event_type in one.defines]
    event = types.registry.get(automation.event_type)
    narrowing = {one: words for one in asked if one not in defining and (words := one.narrows(event.phrase))}
    rest = [one for one in asked if one not in defining and one not in narrowing]
    which = [piece for one in rest for piece in (" ", one.describe())]
    when = joined(" and ", (one.describe() for one in defining)) or phrase(
        event.phrase, joined(" and", narrowing.values())
    )
    subject = phrase(f"{event.subject} of ", _listens_in(automation), *which)
    return phrase("When ", when).put(types.SUBJECT, subject)


def _listens_in(automation: Automation) -> Phrase:
    name = strong(automation.scope_name)
    return name if automation.scope_type == "project" else phrase(f"{automation.scope_type} ", name)


def _free_target(endpoint: Endpoint, provider: type[Provider], *, confirmed: bool) -> list[Automation]:
    """Give the automations that use it, which need attention from now on. Unless confirmed, they are a Conflict."""
    users = using(endpoint.key)
    if users and not confirmed:
        about = f"Automations use the {provider.noun} {endpoint.name}: {_listed(users)}."
        _refuse_in_use(provider.key, about)
    _need_attention(users, f"Its {provider.noun} {endpoint.name} was deleted. Edit the automation and choose another.")
    return users


def _record(what: str, automation: Automation, *, by: User | None = None, **sides: Any) -> None:
    name = f"automation {automation.pk} {automation.name}"
    audit.record(f"automation.{what}", name, team=automation.team, by=by, **sides)


def _refuse_in_use(field: str, message: str) -> NoReturn:
    raise Conflict({field: f"{message} Change those first, or confirm (over REST with ?confirm=true)."})


def _listed(rows: Iterable[Automation | Webhook]) -> str:
    return ", ".join(row.name for row in rows)


def _need_attention(automations: Iterable[Automation], problem: str) -> None:
    ids = [automation.pk for automation in automations]
    Automation.objects.filter(pk__in=ids).update(problem=problem[:500])


def _saved(automation: Automation) -> Automation:
    automation.full_clean(exclude=_NOT_TYPED, validate_constraints=False)
    twins = Automation.objects.filter(scope=automation.scope, name=automation.name, deleted_at__isnull=True)
    message = f"There is an automation {automation.name!r} here already. Choose another name."
    with only_one(twins.exclude(pk=automation.pk), message):
        automation.save()
        notices.settle(automation.team_id, automation.notice_key)
        _listen(automation.scope, automation.event_type)
    return automation


def _listen(scope: str, event_type: str) -> None:
    """Tell the ledger how many listen to what this event type watches, in this scope."""
    if event_type not in types.registry:
        return
    kind = types.registry.get(event_type).kind
    watching = [other.key for other in types.registry if other.kind == kind]
    listening = Automation.objects.filter(scope=scope, event_type__in=watching, enabled=True, deleted_at__isnull=True)
    ledger.set_listeners(kind, scope, listening.count)
