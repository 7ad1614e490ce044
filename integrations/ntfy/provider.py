"""The provider of ntfy: builds the publish request (JSON, at the root of its server), and reads the reply."""

from __future__ import annotations

from typing import cast

from django.utils.translation import gettext_lazy as _

from integrations.receivers import StoredReceiver, StoredWebProvider
from outbound.client import Reply, Request
from outbound.provider import Delivery, Outcome, Receiver, registry
from outbound.retry_after import retry_after


@registry.register
class NtfyProvider(StoredWebProvider):
    """Publishes as JSON: in headers ntfy could not take every character of a title."""

    key = "ntfy"
    label = _("ntfy")
    noun = _("ntfy topic")

    @classmethod
    def request(cls, receiver: Receiver, delivery: Delivery) -> Request:
        settings = cast(StoredReceiver, receiver).settings
        headers = {"Content-Type": "application/json"}
        if settings["token"]:
            headers["Authorization"] = f"Bearer {delivery.secrets[settings['token']]}"
        return Request("POST", settings["server"], headers, delivery.body)

    @classmethod
    def outcome(cls, reply: Reply) -> Outcome:
        said = f"ntfy answered {reply.status}."
        if 200 <= reply.status < 300:
            return Outcome(True, "ntfy took the message.")
        if reply.status in (401, 403):
            return Outcome(False, f"{said} It does not let this token publish to the topic.")
        wait = retry_after(reply.headers.get("Retry-After", ""))
        # 429 too many, 507 its attachments are full; 4xx else stays as it is.
        again = reply.status == 429 or reply.status >= 500
        return Outcome(False, said, retry=again, retry_after_seconds=wait)
