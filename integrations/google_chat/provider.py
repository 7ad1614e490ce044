"""The provider of Google Chat: builds the request to a space, in one thread per automation and run; reads the reply."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext_lazy as _

from integrations.receivers import StoredWebProvider
from outbound.client import Reply, Request
from outbound.masking import masked_path
from outbound.provider import Delivery, Outcome, Receiver, registry
from outbound.retry_after import retry_after

_URL = "webhook_url"
# A thread that is not there yet is begun.
_THREADED = ("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")


@registry.register
class GoogleChatProvider(StoredWebProvider):
    """Posts to spaces.messages.create."""

    key = "google_chat"
    label = _("Google Chat")
    noun = _("Google Chat space")
    # Google's limit for one space.
    spacing_seconds = 1.0

    @classmethod
    def secrets(cls, receiver: Receiver) -> Mapping[str, str]:
        """Give the address, and its key and token: an answer may say each of them back."""
        values = super().secrets(receiver)
        parts = dict(parse_qsl(urlsplit(values.get(_URL, "")).query))
        return {**values, **{f"{_URL} {name}": parts[name] for name in ("key", "token") if parts.get(name)}}

    @classmethod
    def request(cls, receiver: Receiver, delivery: Delivery) -> Request:
        parts = urlsplit(delivery.secrets[_URL])
        asked = [(name, value) for name, value in parse_qsl(parts.query, True) if name != _THREADED[0]]
        url = urlunsplit(parts._replace(query=urlencode([*asked, _THREADED])))
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return Request("POST", url, headers, delivery.body, shown_url=masked_path(url))

    @classmethod
    def outcome(cls, reply: Reply) -> Outcome:
        said = f"Google Chat answered {reply.status}."
        if 200 <= reply.status < 300:
            return Outcome(True, "Google Chat took the message.")
        if reply.status in (404, 410):
            return Outcome(False, f"{said} The space or its webhook is gone.", disable=True)
        if reply.status == 429:
            wait = retry_after(reply.headers.get("Retry-After", ""))
            return Outcome(False, said, retry=True, retry_after_seconds=wait, announced=wait is not None)
        if reply.status in (401, 403):
            return Outcome(False, f"{said} It does not accept the key and the token: copy the webhook's URL again.")
        return Outcome(False, said, retry=reply.status >= 500)
