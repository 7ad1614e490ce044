"""The provider of webhooks: builds the signed HTTP request with JSON, and reads the status of the reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from django.utils.translation import gettext_lazy as _

from common.statements.prepared_query import rows_numbered
from integrations.receivers import IntegrationProvider, why_disabled
from integrations.webhook.models import Webhook
from integrations.webhook.sharing import shares_webhooks
from outbound.client import Reply, Request
from outbound.masking import MASK
from outbound.placeholders import filled, filled_url
from outbound.provider import Delivery, Outcome, Receiver, registry
from outbound.retry_after import retry_after
from outbound.signing import standard_headers, wandb_signature
from outbound.web_provider import WebProvider
from secrets_vault.services import previous

_GONE = 410
# What a payload, a URL or a header calls the access token, whatever the secret's own name.
ACCESS_TOKEN = "ACCESS_TOKEN"


@dataclass(frozen=True)
class WebhookReceiver(Receiver):
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
class WebhookProvider(IntegrationProvider, WebProvider):
    """Signs as W&B does, so that receivers written for it work unchanged, and as Standard Webhooks does."""

    key = "webhook"
    label = _("Webhook")
    noun = _("webhook")

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        return {row.pk: receiver_of(row) for row in rows_numbered(Webhook, ids)}

    @classmethod
    def shares(cls, team_id: int) -> bool:
        return shares_webhooks(team_id)

    @classmethod
    def request(cls, receiver: Receiver, delivery: Delivery) -> Request:
        webhook = cast(WebhookReceiver, receiver)
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


def receiver_of(webhook: Webhook) -> WebhookReceiver:
    return WebhookReceiver(
        key=f"webhook:{webhook.pk}",
        name=webhook.name,
        team_id=webhook.team_id,
        url=webhook.url,
        access_token=webhook.access_token,
        secret=webhook.secret,
        disabled_reason=why_disabled(webhook),
        granted_secrets=tuple(webhook.granted_secrets),
        timeout_seconds=webhook.timeout_seconds,
        retry_seconds=tuple(webhook.retry_seconds),
        failing=webhook.failing_since is not None,
        method=webhook.method,
        headers=webhook.headers,
    )


def _usable(receiver: WebhookReceiver, secrets: Mapping[str, str]) -> dict[str, str]:
    """Give what the URL and the headers may name."""
    return {**secrets, **({ACCESS_TOKEN: secrets[receiver.access_token]} if receiver.access_token else {})}


def _extra(receiver: WebhookReceiver, values: Mapping[str, str]) -> dict[str, str]:
    return {name: filled(value, values) for name, value in receiver.headers.items()}


def _own(receiver: WebhookReceiver, delivery: Delivery) -> dict[str, str]:
    """The headers that no webhook sets itself: what the body is, and how a receiver can tell that it is ours."""
    headers = {"Content-Type": "application/json"}
    if receiver.access_token:
        headers["Authorization"] = f"Bearer {delivery.secrets[receiver.access_token]}"
    key = delivery.secrets[receiver.secret] if receiver.secret else ""
    if key:
        headers["X-Wandb-Signature"] = wandb_signature(key, delivery.body)
    # W&B's header has room for one signature; while a key changes, that is the new one's.
    keys = [one for one in (key, delivery.secrets.get(previous(receiver.secret), "")) if one]
    return headers | standard_headers(keys, delivery_id=delivery.id, timestamp=delivery.timestamp, body=delivery.body)
