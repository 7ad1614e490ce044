"""slack-sdk's clients, sending through the one socket: its own would follow redirects and obey proxies.

slack-sdk writes requests and reads replies; nothing of it opens a connection (tests/integrations/test_slack_client.py).
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient, WebhookClient
from slack_sdk.webhook import WebhookResponse

from outbound.client import Reply, Request

NOT_SLACK = "not_slack"
_STRANGE = json.dumps({"ok": False, "error": NOT_SLACK})

Carry = Callable[[Request], Reply]
"""Sends a request and gives what came back. Raises Refused and Unreachable."""

# slack-sdk logs requests whole, with what they hold; and failures, which are an outcome here.
_silent = logging.getLogger("integrations.slack_sdk")
_silent.setLevel(logging.CRITICAL)


class Web(WebClient):
    """Slack's Web API."""

    def __init__(self, carry: Carry, *, base_url: str, token: str = "") -> None:
        # Without its retries: they would sleep in our thread. The engine knows when to try again.
        super().__init__(token=token or None, base_url=base_url, retry_handlers=[], logger=_silent)
        self._carry = carry

    def _perform_urllib_http_request_internal(self, url: str, req: urllib.request.Request) -> dict[str, Any]:
        reply = self._carry(_request(req))
        body = reply.body.decode("utf-8", "replace")
        # slack-sdk expects an object and stumbles over anything else.
        return {"status": reply.status, "headers": reply.headers, "body": body if _is_object(body) else _STRANGE}


class Incoming(WebhookClient):
    """One incoming webhook."""

    def __init__(self, carry: Carry, url: str) -> None:
        super().__init__(url, retry_handlers=[], logger=_silent)
        self._carry = carry

    def _perform_http_request_internal(self, url: str, req: urllib.request.Request) -> WebhookResponse:
        reply = self._carry(_request(req))
        body = reply.body.decode("utf-8", "replace")
        return WebhookResponse(url=url, status_code=reply.status, body=body, headers=dict(reply.headers))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _request(req: urllib.request.Request) -> Request:
    # The client names itself.
    headers = {name: value for name, value in req.header_items() if name.lower() != "user-agent"}
    return Request(req.get_method(), req.full_url, headers, bytes(req.data or b""))  # type: ignore[arg-type]
