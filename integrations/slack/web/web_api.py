"""Calls of Slack's Web API for people who set something up: auth.test, oauth.v2.access, conversations.list."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core import signing
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator

from common.data.validation_errors import refuse
from common.own_addresses import absolute
from integrations.slack.models import SlackWorkspace
from integrations.slack.web.client import Web
from integrations.slack.web.errors import in_words, storable_code
from outbound.addresses import Refused
from outbound.client import Reply, Request, Unreachable
from outbound.masking import masked_text
from outbound.retry_after import retry_after
from outbound.web_provider import client

# To post, also into public channels the bot is not in, and to list channels to choose from.
SCOPES = ("chat:write", "chat:write.public", "channels:read", "groups:read")
STATE_SECONDS = 600
_SALT = "integrations.slack.web.web_api.state"
# Slack recommends at most 200 channels a page; each may take a few kilobytes.
_PER_PAGE = 200
_PAGE_BYTES = 2 * 2**20


@dataclass(frozen=True)
class Installed:
    """A workspace and the token of our bot in it."""

    slack_id: str
    name: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class ListedChannel:
    """A channel as Slack lists it."""

    channel_id: str
    name: str
    private: bool = False


@dataclass(frozen=True)
class Channels:
    """One page of a workspace's channels. `wait_seconds` is what Slack asks for before the next."""

    channels: list[ListedChannel]
    cursor: str = ""
    wait_seconds: float | None = None


def whose(token: str) -> Installed:
    """Ask Slack which workspace the token is for. Raises ValidationError at `token`."""
    said = _called_web_api("token", _web(token.strip()), "auth.test", secret=token.strip())
    return _installed(said["team_id"], said["team"], token.strip())


def channels_of(workspace: SlackWorkspace, cursor: str = "") -> Channels:
    """Give a page of the channels that the bot could post to. Raises ValidationError at `workspace`.

    Where Slack asks to wait, the page is empty and says how long: nobody sleeps in our threads.
    """
    token = SlackWorkspace.objects.filter(pk=workspace.pk).values_list("token", flat=True).get()
    web = _web(str(token))
    params: dict[str, Any] = {
        "types": "public_channel,private_channel",
        "exclude_archived": True,
        "limit": _PER_PAGE,
        "cursor": cursor,
    }
    try:
        said = cast(dict[str, Any], web.conversations_list(**params).data)
    except SlackApiError as error:
        answer = cast(Any, error.response)
        if answer.status_code == 429:
            return Channels([], cursor, retry_after(str(answer.headers.get("Retry-After", ""))) or 30.0)
        refuse("workspace", in_words(storable_code(str(answer.get("error")), [str(token)])))
    except (Refused, Unreachable) as error:
        refuse("workspace", f"Slack cannot be asked: {error}.")
    listed = [
        ListedChannel(str(one["id"]), str(one.get("name", one["id"])), bool(one.get("is_private")))
        for one in said["channels"]
    ]
    return Channels(listed, str(said.get("response_metadata", {}).get("next_cursor") or ""))


# OAuth ----------------------------------------------------------------------------------------------


def can_connect() -> bool:
    """Whether the operator set up an app of their own."""
    return bool(settings.SLACK_CLIENT_ID and settings.SLACK_CLIENT_SECRET)


def redirect_uri() -> str:
    return absolute("/settings/slack/callback")


def authorize(team_id: int) -> tuple[str, str]:
    """Give the address of Slack's consent page, and the signed state to keep in the session until they come back."""
    nonce = secrets.token_urlsafe(24)
    api = urlsplit(settings.SLACK_API_URL)
    generator = AuthorizeUrlGenerator(
        client_id=quote(settings.SLACK_CLIENT_ID, safe=""),
        scopes=SCOPES,
        redirect_uri=quote(redirect_uri(), safe=""),
        authorization_url=f"{api.scheme}://{api.netloc}/oauth/v2/authorize",
    )
    return generator.generate(state=nonce), signing.dumps({"nonce": nonce, "team": team_id}, salt=_SALT)


def team_of_state(kept: str, returned: str) -> int | None:
    """Give the team that the state was made for; None where it is not ours, not this browser's, or too old."""
    try:
        state = signing.loads(kept, salt=_SALT, max_age=STATE_SECONDS)
    except signing.BadSignature:
        return None
    return int(state["team"]) if secrets.compare_digest(state["nonce"].encode(), returned.encode()) else None


def installed(code: str) -> Installed:
    """Exchange the code that Slack sent a browser back with. Raises ValidationError at `code`."""
    params = {
        "client_id": settings.SLACK_CLIENT_ID,
        "client_secret": settings.SLACK_CLIENT_SECRET,
        "code": code,
        "redirect_uri": redirect_uri(),
    }
    said = _called_web_api("code", _web(""), "oauth.v2.access", secret=settings.SLACK_CLIENT_SECRET, **params)
    team = said.get("team") or {}
    if not (said.get("access_token") and team.get("id")):
        refuse("code", "Slack gave no token for a workspace. Install the app into one workspace.")
    return _installed(team["id"], team.get("name") or team["id"], str(said["access_token"]))


def _installed(slack_id: Any, name: Any, token: str) -> Installed:
    """Keep no token in what is shown of the workspace, whatever Slack called it."""
    return Installed(masked_text(str(slack_id), [token]), masked_text(str(name), [token]), token)


def _called_web_api(field_name: str, web: Web, method: str, *, secret: str, **params: str) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], getattr(web, method.replace(".", "_"))(**params).data)
    except SlackApiError as error:
        refuse(field_name, in_words(storable_code(str(cast(Any, error.response).get("error")), [secret])))
    except (Refused, Unreachable) as error:
        refuse(field_name, f"Slack cannot be asked: {error}.")


def _web(token: str) -> Web:
    return Web(_carry, base_url=settings.SLACK_API_URL, token=token)


def _carry(request: Request) -> Reply:
    return client().send(request, deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS, body_limit=_PAGE_BYTES)
