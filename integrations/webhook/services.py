"""Services of webhooks: create, change and remove them, and rotate their signing secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from common.data.unique_names import only_one
from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from integrations import services as integrations
from integrations.kind import Kind, registry
from integrations.webhook import preset_file, validation
from integrations.webhook.models import Webhook
from integrations.webhook.provider import ACCESS_TOKEN
from outbound.placeholders import filled_url
from outbound.url_validation import check_url
from secrets_vault.models import Secret
from secrets_vault.services import rotate_secret
from teams.audit import audit_log
from teams.models import Team, User

CHANGEABLE = (
    "name", "url", "access_token", "secret", "method", "headers", "granted_secrets", "timeout_seconds", "retry_seconds",
    "preset", "enabled",
)  # fmt: skip


def create_webhook(team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Webhook:
    same_name = Webhook.objects.filter(team=team, name=values.get("name"))
    with only_one(same_name, f"The team {team.name} has a webhook {values.get('name')!r} already."):
        webhook = _saved(Webhook(team=team, created_by=by), {**_filled_in(values), **values})
        audit_log.record(
            "webhook.create", f"webhook {webhook.name}", team=team, by=by, after=kind().audit_values(webhook)
        )
    return webhook


def change_webhook(webhook: Webhook, values: Mapping[str, Any]) -> Webhook:
    name = values.get("name", webhook.name)
    same_name = Webhook.objects.filter(team=webhook.team, name=name).exclude(pk=webhook.pk)
    before = kind().audit_values(webhook)
    with only_one(same_name, f"The team {webhook.team.name} has another webhook {name!r}."):
        _saved(webhook, values)
        called = f"webhook {before['name']}"
        audit_log.record("webhook.change", called, team=webhook.team, before=before, after=kind().audit_values(webhook))
    return webhook


def check_webhook(webhook: Webhook) -> None:
    """Refuse what could not be called or signed; every door asks this. Raises ValidationError by field."""
    validation.check_secrets(webhook)
    validation.check_url_names(webhook)
    validation.check_headers(webhook)
    validation.check_retries(webhook)
    # Where a secret will stand, any text will do: it cannot change which host is called.
    check_url(filled_url(webhook.url, dict.fromkeys([*webhook.granted, ACCESS_TOKEN], "x")), shown=quoted(webhook.url))


def rotate_signing_secret(webhook: Webhook, value: str, *, by: User | None = None) -> Secret:
    """Give the signing secret a new value. For a day deliveries carry a signature of either."""
    secret = Secret.objects.filter(team_id=webhook.team_id, name=webhook.secret).first()
    if secret is None:
        refuse("value", f"The webhook {webhook.name} has no signing secret to rotate. Choose one for it first.")
    rotate_secret(secret, value, by=by)
    return secret


def kind() -> type[Kind]:
    return registry.get("webhook")


def _filled_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the preset says of fields that were left out."""
    if not values.get("preset"):
        return {}
    try:
        return preset_file.get(values["preset"]).fills
    except UnknownKey as error:
        refuse("preset", f"{error}.")


def _saved(webhook: Webhook, values: Mapping[str, Any]) -> Webhook:
    was_enabled = webhook.enabled
    for field in CHANGEABLE:
        if field in values:
            setattr(webhook, field, values[field])
    validation.check_kinds(webhook)
    webhook.full_clean(exclude=["team", "created_by"])
    check_webhook(webhook)
    with transaction.atomic():
        integrations.enable(kind(), webhook, was_enabled=was_enabled)
        webhook.save()
    return webhook
