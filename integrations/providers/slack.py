"""A Slack channel, by the bot of a workspace or by an incoming webhook; both through slack-sdk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from slack_sdk.errors import SlackApiError

from integrations.addresses import Refused
from integrations.http import Reply, Request, Unreachable
from integrations.masking import masked_path
from integrations.models import SlackChannel
from integrations.provider import Delivery, Endpoint, NotReady, Outcome, Provider, Record, registry
from integrations.sending import client, stored_reply, stored_request, unsent
from integrations.slack_client import Incoming, Web
from integrations.slack_errors import code_of, outcome_of
from integrations.slack_services import disable_channel

TOKEN, WEBHOOK_URL = "token", "webhook_url"
# What stands in the message is shown, and nothing made of it.
_LITERALLY: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}


@dataclass(frozen=True)
class SlackEndpoint(Endpoint):
    """`channel_id` is blank where an incoming webhook leads to the channel."""

    channel_id: str = ""


@registry.register
class SlackProvider(Provider):
    """Posts with chat.postMessage, or to an incoming webhook."""

    key = "slack"
    label = _("Slack")
    noun = _("Slack channel")
    # Slack's limit for one channel; it forgives short bursts, as where another worker goes on.
    spacing_seconds = 1.0

    @classmethod
    def endpoints(cls, ids: Iterable[int]) -> dict[int, Endpoint]:
        return {row.pk: endpoint_of(row) for row in SlackChannel.objects.filter(pk__in=set(ids))}

    @classmethod
    def disable(cls, endpoint_id: int, reason: str) -> None:
        disable_channel(endpoint_id, reason)

    @classmethod
    def secrets(cls, endpoint: Endpoint) -> Mapping[str, str]:
        number = int(endpoint.key.partition(":")[2])
        # Only the columns asked for are opened.
        column = "workspace__token" if cast(SlackEndpoint, endpoint).channel_id else WEBHOOK_URL
        value = SlackChannel.objects.filter(pk=number).values_list(column, flat=True).first()
        if not value:
            raise NotReady(f"The Slack channel {endpoint.name} was deleted. Choose another.")
        return {TOKEN if column != WEBHOOK_URL else WEBHOOK_URL: str(value)}

    @classmethod
    def send(cls, endpoint: Endpoint, delivery: Delivery) -> Record:
        started, exchange = time.monotonic(), _Exchange(delivery.secrets)
        try:
            outcome = _posted(cast(SlackEndpoint, endpoint), delivery, exchange)
        except (Refused, Unreachable) as error:
            outcome = unsent(error)
        return Record(exchange.request, exchange.reply, outcome, time.monotonic() - started)


def endpoint_of(channel: SlackChannel) -> SlackEndpoint:
    reason = "" if channel.enabled else (channel.disabled_reason or "It was disabled by a person.")
    return SlackEndpoint(f"slack:{channel.pk}", channel.name, channel.team_id, reason, channel.channel_id)


def _posted(endpoint: SlackEndpoint, delivery: Delivery, exchange: _Exchange) -> Outcome:
    message = json.loads(delivery.body)
    if WEBHOOK_URL in delivery.secrets:
        answer = Incoming(exchange.carry, delivery.secrets[WEBHOOK_URL]).send_dict(message)
        return outcome_of(answer.status_code, answer.headers, code_of(answer.body, exchange.hidden))
    web = Web(exchange.carry, base_url=settings.SLACK_API_URL, token=delivery.secrets[TOKEN])
    try:
        posted = web.chat_postMessage(channel=endpoint.channel_id, **_LITERALLY, **message)
    except SlackApiError as error:
        refused = cast(Any, error.response)
        return outcome_of(refused.status_code, refused.headers, code_of(json.dumps(refused.data), exchange.hidden))
    return outcome_of(posted.status_code, posted.headers, "")


@dataclass
class _Exchange:
    """Carries one request of slack-sdk, and keeps what may be stored of it and of its answer."""

    secrets: Mapping[str, str]
    request: dict[str, Any] = field(default_factory=dict)
    reply: dict[str, Any] | None = None

    def carry(self, request: Request) -> Reply:
        self.request = stored_request(request, request.body.decode())
        if WEBHOOK_URL in self.secrets:
            self.request["url"] = masked_path(request.url)
        reply = client().send(request, deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS)
        self.reply = stored_reply(reply, self.hidden)
        return reply

    @property
    def hidden(self) -> list[str]:
        """What an answer may say back: the token; the address, also with its escapes undone."""
        return list({written for secret in self.secrets.values() for written in (secret, unquote(secret))})
