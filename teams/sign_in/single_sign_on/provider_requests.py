"""Requests to an identity provider: few at once, each with a deadline, and answered with JSON or with words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from common.http.too_many_requests import TooManyRequests
from teams.sign_in.single_sign_on.errors import SignInFailed
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider

AT_ONCE, PATIENCE_SECONDS = 3, 3.0
_asking = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def asking_in_turn() -> Iterator[None]:
    """Wait briefly for one's turn: a provider that hangs shall not hold every thread of the web server."""
    if not _asking.acquire(timeout=PATIENCE_SECONDS):
        raise TooManyRequests("Many people are signing in at this moment.", PATIENCE_SECONDS)
    try:
        yield
    finally:
        _asking.release()


def get_json(provider: IdentityProvider, url: str, what: str, *, token: str = "") -> dict[str, Any]:
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    return _json(provider, "GET", url, what, headers=headers)


def post_form(provider: IdentityProvider, url: str, what: str, form: Mapping[str, str], **headers: str) -> Any:
    sent = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **headers}
    return _json(provider, "POST", url, what, headers=sent, body=urlencode(form).encode())


def _json(
    provider: IdentityProvider, method: str, url: str, what: str, *, headers: Mapping[str, str], body: bytes = b""
) -> dict[str, Any]:
    ask = import_string(settings.IDENTITY_PROVIDER_HTTP)
    try:
        status, content = ask(method, url, headers=headers, body=body, networks=provider.networks)
    except ConnectionError as error:
        raise SignInFailed(
            f"{what} cannot be reached: {error}",
            _("%(label)s cannot be reached at this moment. Try again in a while.") % {"label": provider.label},
        ) from None
    if status != 200:
        raise SignInFailed(f"{what} answered {status}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SignInFailed(f"{what} is no object in JSON")
    return found
