"""Make, change and remove webhooks."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from django.db import transaction

from common.refusals import quoted, refuse
from common.registry import UnknownKey
from common.twins import only_one
from integrations import health, preset
from integrations import webhook_rules as rules
from integrations.addresses import Refused, check, parse
from integrations.models import Webhook
from integrations.placeholders import filled_url
from integrations.providers.webhook import ACCESS_TOKEN
from integrations.sending import policy
from secrets_vault.models import Secret
from secrets_vault.services import rotate_secret
from teams import audit, notices
from teams.models import Team, User

_CHANGEABLE = (
    "name", "url", "access_token", "secret", "method", "headers", "granted_secrets", "timeout_seconds", "retry_seconds",
    "preset", "enabled",
)  # fmt: skip
_RESOLVE_SECONDS = 2.0


def create_webhook(team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Webhook:
    twins = Webhook.objects.filter(team=team, name=values.get("name"))
    with only_one(twins, f"The team {team.name} has a webhook {values.get('name')!r} already."):
        webhook = _saved(Webhook(team=team, created_by=by), {**_filled_in(values), **values})
        audit.record("webhook.create", f"webhook {webhook.name}", team=team, by=by, after=_told(webhook))
    return webhook


def change_webhook(webhook: Webhook, values: Mapping[str, Any]) -> Webhook:
    name = values.get("name", webhook.name)
    twins = Webhook.objects.filter(team=webhook.team, name=name).exclude(pk=webhook.pk)
    before = _told(webhook)
    with only_one(twins, f"The team {webhook.team.name} has another webhook {name!r}."):
        _saved(webhook, values)
        called = f"webhook {before['name']}"
        audit.record("webhook.change", called, team=webhook.team, before=before, after=_told(webhook))
    return webhook


def check_webhook(webhook: Webhook) -> None:
    """Refuse what could not be called or signed; every door asks this. Raises ValidationError by field."""
    rules.check_secrets(webhook)
    rules.check_url_names(webhook)
    rules.check_headers(webhook)
    rules.check_retries(webhook)
    # Where a secret will stand, any text will do: it cannot change which host is called.
    check_url(filled_url(webhook.url, dict.fromkeys([*webhook.granted, ACCESS_TOKEN], "x")), shown=quoted(webhook.url))


def check_url(url: str, *, field: str = "url", shown: str = "") -> None:
    """Refuse an address that may not be called; the message says it back, or what is `shown` in its place.

    A name that does not resolve now may do so later: each delivery looks again, and checks what it finds.
    """
    try:
        check(parse(url), policy(), resolve=_resolve_soon)
    except TimeoutError:
        return
    except Refused as error:
        if error.rule != "dns":
            refuse(field, f"{shown or quoted(url)} cannot be called: {error}")


def delete_webhook(webhook: Webhook, *, used_by: Mapping[str, list[str]] | None = None) -> None:
    """Remove it at once. Doors ask `automations.services.delete_webhook`, which knows who uses it."""
    with transaction.atomic():
        notices.settle(webhook.team_id, health.notice_key(webhook))
        before = {**_told(webhook), **(used_by or {})}
        audit.record("webhook.delete", f"webhook {webhook.name}", team=webhook.team, before=before)
        webhook.delete()


def webhooks_with(secret: Secret) -> list[Webhook]:
    """The webhooks that cannot be called without this secret."""
    rows = Webhook.objects.filter(team_id=secret.team_id).order_by("name")
    return [webhook for webhook in rows if secret.name in webhook.granted]


def rotate_signing_secret(webhook: Webhook, value: str, *, by: User | None = None) -> Secret:
    """Give the signing secret a new value. For a day deliveries carry a signature of either."""
    secret = Secret.objects.filter(team_id=webhook.team_id, name=webhook.secret).first()
    if secret is None:
        refuse("value", f"The webhook {webhook.name} has no signing secret to rotate. Choose one for it first.")
    rotate_secret(secret, value, by=by)
    return secret


def _filled_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the preset says of fields that were left out."""
    if not values.get("preset"):
        return {}
    try:
        return preset.get(values["preset"]).fills
    except UnknownKey as error:
        refuse("preset", f"{error}.")


def _told(webhook: Webhook) -> dict[str, Any]:
    """Give what the audit log tells of it: secrets stand in it by name."""
    return audit.columns(webhook, *_CHANGEABLE)


def _saved(webhook: Webhook, values: Mapping[str, Any]) -> Webhook:
    was_enabled = webhook.enabled
    for field in _CHANGEABLE:
        if field in values:
            setattr(webhook, field, values[field])
    rules.check_kinds(webhook)
    webhook.full_clean(exclude=["team", "created_by"])
    check_webhook(webhook)
    with transaction.atomic():
        if webhook.enabled:
            webhook.disabled_reason = ""
        if webhook.enabled and not was_enabled:
            health.enabled_again(webhook)
        webhook.save()
    return webhook


def _resolve_soon(host: str, port: int, **options: Any) -> Sequence[Any]:
    """Resolve as the system does, for at most two seconds: a person is waiting. Raises TimeoutError."""
    future = _resolvers().submit(socket.getaddrinfo, host, port, **options)
    return future.result(timeout=_RESOLVE_SECONDS)


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="resolve")
