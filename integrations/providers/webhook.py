"""Any address that takes JSON over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.utils.translation import gettext_lazy as _

from integrations import health
from integrations.http import Reply, Request
from integrations.masking import MASK
from integrations.models import Webhook
from integrations.placeholders import filled, filled_url
from integrations.provider import Delivery, Endpoint, Outcome, registry
from integrations.sending import WebProvider
from integrations.signing import standard_headers, wandb_signature
from integrations.waiting import retry_after
from secrets_vault.services import previous

_GONE = 410
# What a payload, a URL or a header calls the access token, whatever the secret's own name.
ACCESS_TOKEN = "ACCESS_TOKEN"


@dataclass(frozen=True)
class WebhookEndpoint(Endpoint):
    """`access_token`, `secret` and `granted_secrets` are names of the team's secrets; URL and headers may name them."""

    url: str = ""
    access_token: str = ""
    secret: str = ""
    granted_secrets: tuple[str, ...] = ()
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def granted(self) -> list[str]:
        return list(dict.fromkeys(name for name in (self.access_token, self.secret, *self.granted_secrets) if name))


@registry.register
class WebhookProvider(WebProvider):
    """Signs as W&B does, so that receivers written for it work unchanged, and as Standard Webhooks does."""

    key = "webhook"
    label = _("Webhook")
    noun = _("webhook")

    @classmethod
    def endpoints(cls, ids: Iterable[int]) -> dict[int, Endpoint]:
        return {row.pk: endpoint_of(row) for row in Webhook.objects.filter(pk__in=set(ids))}

    @classmethod
    def disable(cls, endpoint_id: int, reason: str) -> None:
        health.disable(endpoint_id, reason)

    @classmethod
    def note(cls, recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
        health.note(recovered, failed, now)

    @classmethod
    def request(cls, endpoint: Endpoint, delivery: Delivery) -> Request:
        webhook = cast(WebhookEndpoint, endpoint)
        values = _usable(webhook, delivery.secrets)
        sent = _extra(webhook, values) | _own(webhook, delivery)
        hidden = dict.fromkeys(values, MASK)
        return Request(
            webhook.method,
            filled_url(webhook.url, values),
            sent,
            delivery.body,
            shown_url=filled_url(webhook.url, hidden, str),
            shown_headers={**sent, **_extra(webhook, hidden)},
        )

    @classmethod
    def outcome(cls, reply: Reply) -> Outcome:
        said = f"The receiver answered {reply.status}."
        if 200 <= reply.status < 300:
            return Outcome(True, said)
        if reply.status == _GONE:
            return Outcome(False, f"{said} It is gone for good, so the webhook was disabled.", disable=True)
        if 300 <= reply.status < 400:
            return Outcome(False, f"{said} Redirects are not followed: put the final address into the webhook.")
        return Outcome(False, said, retry=True, retry_after_seconds=retry_after(reply.headers.get("Retry-After", "")))


def endpoint_of(webhook: Webhook) -> WebhookEndpoint:
    reason = "" if webhook.enabled else (webhook.disabled_reason or "It was disabled by a person.")
    return WebhookEndpoint(
        key=f"webhook:{webhook.pk}",
        name=webhook.name,
        team_id=webhook.team_id,
        url=webhook.url,
        access_token=webhook.access_token,
        secret=webhook.secret,
        disabled_reason=reason,
        granted_secrets=tuple(webhook.granted_secrets),
        timeout_seconds=webhook.timeout_seconds,
        retry_seconds=tuple(webhook.retry_seconds),
        failing=webhook.failing_since is not None,
        method=webhook.method,
        headers=webhook.headers,
    )


def _usable(endpoint: WebhookEndpoint, secrets: Mapping[str, str]) -> dict[str, str]:
    """Give what the URL and the headers may name."""
    return {**secrets, **({ACCESS_TOKEN: secrets[endpoint.access_token]} if endpoint.access_token else {})}


def _extra(endpoint: WebhookEndpoint, values: Mapping[str, str]) -> dict[str, str]:
    return {name: filled(value, values) for name, value in endpoint.headers.items()}


def _own(endpoint: WebhookEndpoint, delivery: Delivery) -> dict[str, str]:
    """The headers that no webhook sets itself: what the body is, and how a receiver can tell that it is ours."""
    headers = {"Content-Type": "application/json"}
    if endpoint.access_token:
        headers["Authorization"] = f"Bearer {delivery.secrets[endpoint.access_token]}"
    key = delivery.secrets[endpoint.secret] if endpoint.secret else ""
    if key:
        headers["X-Wandb-Signature"] = wandb_signature(key, delivery.body)
    # W&B's header has room for one signature; while a key changes, that is the new one's.
    keys = [one for one in (key, delivery.secrets.get(previous(endpoint.secret), "")) if one]
    return headers | standard_headers(keys, delivery_id=delivery.id, timestamp=delivery.timestamp, body=delivery.body)
