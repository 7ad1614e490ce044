"""The provider of Slack: posts by the bot of a workspace (Web API) or an incoming webhook, through slack-sdk."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from slack_sdk.errors import SlackApiError

from common.statements.prepared_query import rows_numbered
from integrations.receivers import IntegrationProvider, why_disabled
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.web.client import Incoming, Web
from integrations.slack.web.errors import code_of, outcome_of
from outbound.addresses import Refused
from outbound.client import Reply, Request, Unreachable
from outbound.masking import masked_path
from outbound.provider import Delivery, NotReady, Outcome, Receiver, Record, registry
from outbound.web_provider import client, stored_reply, stored_request, unsent

TOKEN, WEBHOOK_URL = "token", "webhook_url"
# What stands in the message is shown, and nothing made of it.
_LITERALLY: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}


@dataclass(frozen=True)
class SlackReceiver(Receiver):
    """`channel_id` is blank where an incoming webhook leads to the channel."""

    channel_id: str = ""


@registry.register
class SlackProvider(IntegrationProvider):
    """Posts with chat.postMessage, or to an incoming webhook."""

    key = "slack"
    label = _("Slack")
    noun = _("Slack channel")
    # Slack's limit for one channel; it forgives short bursts, as where another worker goes on.
    spacing_seconds = 1.0

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        return {row.pk: receiver_of(row) for row in rows_numbered(SlackChannel, ids)}

    @classmethod
    def note(cls, recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
        """Give up by what Slack says of a channel, not by time."""

    @classmethod
    def secrets(cls, receiver: Receiver) -> Mapping[str, str]:
        number = int(receiver.key.partition(":")[2])
        channel = SlackChannel.objects.filter(pk=number).first()
        if channel is None:
            raise NotReady(f"The Slack channel {receiver.name} was deleted. Choose another.")
        if not channel.by_bot:
            return {WEBHOOK_URL: str(channel.webhook_url or "")}
        # Only the column asked for is opened.
        token = SlackWorkspace.objects.filter(pk=channel.workspace_id).values_list("token", flat=True).first()
        if not token:
            raise NotReady(f"The workspace of the Slack channel {receiver.name} was disconnected. Connect it again.")
        return {TOKEN: str(token)}

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        started, exchange = time.monotonic(), _Exchange(delivery.secrets)
        try:
            outcome = _posted(cast(SlackReceiver, receiver), delivery, exchange)
        except (Refused, Unreachable) as error:
            outcome = unsent(error)
        return Record(exchange.request, exchange.reply, outcome, time.monotonic() - started)


def receiver_of(channel: SlackChannel) -> SlackReceiver:
    return SlackReceiver(
        f"slack:{channel.pk}", channel.name, channel.team_id, why_disabled(channel), channel.channel_id
    )


def _posted(receiver: SlackReceiver, delivery: Delivery, exchange: _Exchange) -> Outcome:
    message = json.loads(delivery.body)
    if WEBHOOK_URL in delivery.secrets:
        answer = Incoming(exchange.carry, delivery.secrets[WEBHOOK_URL]).send_dict(message)
        return outcome_of(answer.status_code, answer.headers, code_of(answer.body, exchange.hidden))
    web = Web(exchange.carry, base_url=settings.SLACK_API_URL, token=delivery.secrets[TOKEN])
    try:
        posted = web.chat_postMessage(channel=receiver.channel_id, **_LITERALLY, **message)
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
