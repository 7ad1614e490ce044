"""Validation of webhooks: URL, headers, secrets, retries. A refusal names field, value and remedy; every door asks."""

from __future__ import annotations

import re
from typing import Any

from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from integrations.webhook import preset_file
from integrations.webhook.models import Webhook
from integrations.webhook.provider import ACCESS_TOKEN
from outbound.addresses import Refused
from outbound.client import sendable
from outbound.placeholders import filled, names_in
from secrets_vault.services import names_of

MOST_HEADERS = 20
LONGEST_HEADER_NAME, LONGEST_HEADER = 100, 2000
MOST_SECRETS = 20
MOST_TRIES = 20
LONGEST_WAIT_SECONDS = 24 * 3600
# Written for each request; a second one of its own would contradict it.
_OURS = re.compile(
    "content-type|content-encoding|accept-encoding|user-agent|x-wandb-signature|webhook-(id|timestamp|signature)",
    re.IGNORECASE,
)


def check_kinds(webhook: Webhook) -> None:
    """Refuse what is no list and no object, before anything looks into it."""
    granted, headers, waits = webhook.granted_secrets, webhook.headers, webhook.retry_seconds
    if not _is_list_of(granted, str):
        # Not said back: a value may have been put in place of a name.
        refuse("granted_secrets", 'Give a list of names, such as ["API_KEY"].')
    if not isinstance(headers, dict) or not _is_list_of([*headers, *headers.values()], str):
        refuse("headers", 'Give an object of texts, such as {"X-Team": "vision"}.')
    if not _is_list_of(waits, int):
        refuse("retry_seconds", f"{quoted(waits)} is no list of seconds. Write it like [0, 5, 300].")


def check_secrets(webhook: Webhook) -> None:
    there = names_of(webhook.team_id)
    listed = ", ".join(there) or "none yet"
    for field in ("access_token", "secret"):
        name = getattr(webhook, field)
        if name and name not in there:
            refuse(field, f"The team has no secret of this name. Its secrets: {listed}.")
    granted = webhook.granted_secrets
    if len(granted) > MOST_SECRETS:
        refuse("granted_secrets", f"{len(granted)} secrets are too many; {MOST_SECRETS} is the most.")
    # The names are not said back: a value may have been put in place of one.
    if any(name not in there for name in granted):
        refuse("granted_secrets", f"The team has no secret of one of these names. Its secrets: {listed}.")


def check_headers(webhook: Webhook) -> None:
    """Refuse what would contradict or break the request. Values are not said back: one may be a credential."""
    headers = webhook.headers
    if len(headers) > MOST_HEADERS:
        refuse("headers", f"{len(headers)} headers are too many; {MOST_HEADERS} is the most.")
    if len({name.lower() for name in headers}) < len(headers):
        refuse("headers", "A header stands here twice; its name counts without regard to capitals. Keep one.")
    for name, value in headers.items():
        _check_header(webhook, name, value)


def check_url_names(webhook: Webhook) -> None:
    """Refuse what the URL names and may not, and words of a preset that are still to be replaced."""
    _check_names(webhook, "url", webhook.url)
    if webhook.preset:
        try:
            chosen = preset_file.get(webhook.preset)
        except UnknownKey as error:
            refuse("preset", f"{error}.")
        blanks = chosen.blanks_in(webhook.url)
        if blanks:
            refuse("url", f"Put what is yours in place of {' and '.join(blanks)}. {chosen.about}")


def check_retries(webhook: Webhook) -> None:
    waits = webhook.retry_seconds
    if len(waits) > MOST_TRIES:
        refuse("retry_seconds", f"{len(waits)} tries are too many; {MOST_TRIES} is the most.")
    if waits and waits[0] != 0:
        refuse("retry_seconds", f"{waits[0]} is the wait before the first try, which is made at once. Begin with 0.")
    for wait in waits:
        if not 0 <= wait <= LONGEST_WAIT_SECONDS:
            refuse("retry_seconds", f"{wait} is not between 0 and {LONGEST_WAIT_SECONDS} seconds.")


def _check_header(webhook: Webhook, name: str, value: str) -> None:
    if _OURS.fullmatch(name):
        refuse("headers", f"The header {quoted(name)} is Runbell's own. Remove it.")
    if name.lower() == "authorization" and webhook.access_token:
        refuse("headers", "The header 'Authorization' carries the access token already. Remove one of the two.")
    if len(name) > LONGEST_HEADER_NAME or len(value) > LONGEST_HEADER:
        refuse(
            "headers",
            f"The header {quoted(name[:LONGEST_HEADER_NAME])} is too long: a name has at most {LONGEST_HEADER_NAME} "
            f"characters, a value {LONGEST_HEADER}.",
        )
    names = _check_names(webhook, "headers", value)
    if name.lower() == "authorization" and not names:
        refuse("headers", "The header 'Authorization' must take its credential from a secret. Write ${NAME}.")
    try:
        # As it will be, but for the secrets' own characters: those are looked at when it is sent.
        sendable({name: filled(value, dict.fromkeys(names, ""))})
    except Refused as error:
        refuse("headers", str(error))


def _check_names(webhook: Webhook, field: str, text: str) -> list[str]:
    try:
        names = names_in(text)
    except ValueError as error:
        refuse(field, f"{error}.")
    granted = [*webhook.granted, *([ACCESS_TOKEN] if webhook.access_token else [])]
    unknown = [name for name in names if name not in granted]
    if unknown:
        listed = ", ".join(granted) or "none"
        refuse(field, f"${{{unknown[0][:64]}}} is no secret granted to this webhook. Granted: {listed}.")
    return names


def _is_list_of(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(one, kind) and not isinstance(one, bool) for one in values)
