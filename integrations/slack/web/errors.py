"""Error codes of Slack, as its documentation lists them: what to tell people, and whether to retry or disable."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from integrations.slack.web.client import NOT_SLACK
from outbound.masking import kept_words
from outbound.provider import Outcome
from outbound.retry_after import retry_after

_RECONNECT = "Connect the workspace again"
_INVITE = "Invite the bot into the channel in Slack, then enable the channel here"
_CHOOSE = "Choose another channel"
_NEW_URL = "Make a new incoming webhook in Slack and put its address here"

# Nothing is posted there again until a person mends it: what happened, and the remedy.
_DEAD = {
    "invalid_auth": ("Slack no longer accepts the token", _RECONNECT),
    "not_authed": ("Slack got no token", _RECONNECT),
    "token_revoked": ("The token was revoked", _RECONNECT),
    "token_expired": ("The token has expired", _RECONNECT),
    "account_inactive": ("The bot's account was deactivated, or the app was uninstalled", _RECONNECT),
    "org_login_required": ("The workspace moves to another organization", _RECONNECT),
    "team_access_not_granted": ("The app has no access to this workspace", _RECONNECT),
    "missing_scope": ("The app was not granted what posting takes", _RECONNECT),
    "is_archived": ("The channel was archived", _CHOOSE),
    "channel_is_archived": ("The channel was archived", _CHOOSE),
    "channel_not_found": ("There is no such channel, or the bot is not in it", _INVITE),
    "not_in_channel": ("The bot is not in the channel", _INVITE),
    "restricted_action": ("The workspace does not let the bot post there", _CHOOSE),
    "posting_to_general_channel_denied": ("Posting to #general is not permitted", _CHOOSE),
    "no_service": ("The incoming webhook was disabled or removed", _NEW_URL),
    "no_active_hooks": ("The incoming webhook was disabled", _NEW_URL),
    "invalid_token": ("The incoming webhook's address is no longer valid", _NEW_URL),
    "no_team": ("The workspace is gone", _NEW_URL),
    "team_disabled": ("The workspace is disabled", _NEW_URL),
    "action_prohibited": ("An administrator of the workspace forbade it", _NEW_URL),
}  # fmt: skip
_LONGEST_CODE, _LONGEST_READ = 100, 1000
# What is not refused but late.
_LATER = {
    "ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error", "service_unavailable",
    "request_timeout", "accesslimited", "rollup_error",
}  # fmt: skip


def outcome_of(status: int, headers: Mapping[str, Any], error: str) -> Outcome:
    """Read what Slack answered; `error` is blank where it took the message."""
    if status == 200 and not error:
        return Outcome(True, "Slack took the message.")
    wait = retry_after(str(headers.get("Retry-After", "")))
    if status == 429 and wait is not None:
        said = f"Slack's rate limit is reached: it asks to wait {wait:g} s. This try does not count."
        return Outcome(False, said, retry=True, retry_after_seconds=wait, announced=True)
    if status == 429 or error in _LATER or status >= 500:
        said = f"status {status}" if status >= 500 else error or "ratelimited"
        return Outcome(False, f"Slack asks to try later ({said}).", retry=True, retry_after_seconds=wait)
    if error in _DEAD:
        what, remedy = _DEAD[error]
        return Outcome(False, f"{what} ({error}). {remedy}.", disable=True)
    return Outcome(False, f"Slack refused the message ({error or f'status {status}'}).")


def code_of(body: str, secrets: Collection[str]) -> str:
    """Give the error code of an answer: of JSON, or the bare word of an incoming webhook. Blank where it is fine.

    It goes into what people read, so what is none of Slack's codes is searched for the secrets.
    """
    try:
        said = json.loads(body)
    except ValueError:
        word = body.strip().partition(":")[0].partition("\n")[0]
        return "" if word == "ok" else storable_code(word, secrets) or "no answer"
    if isinstance(said, dict):
        return "" if said.get("ok") is True else storable_code(str(said.get("error") or "no reason given"), secrets)
    return NOT_SLACK


def storable_code(error: str, secrets: Collection[str]) -> str:
    """Give the code as it may be stored and shown."""
    return error if error in _DEAD or error in _LATER else kept_words(error[:_LONGEST_READ], secrets)[:_LONGEST_CODE]


def in_words(error: str) -> str:
    """Say a refusal of Slack to the person who set something up."""
    what, remedy = _DEAD.get(error, ("", ""))
    return f"{what} ({error})." if what else f"Slack answered: {error}."
