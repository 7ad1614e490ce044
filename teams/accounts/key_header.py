"""The API key in an Authorization header: as Bearer, or as Basic with the user `api` (what the wandb SDK sends)."""

from __future__ import annotations

import base64

from rest_framework.exceptions import AuthenticationFailed


def key_in_header(header: str) -> str | None:
    """Give the key of an Authorization header; None where there is no header at all."""
    scheme, _, value = header.strip().partition(" ")
    if not scheme:
        return None
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        return _basic(value.strip())
    raise AuthenticationFailed("Send the API key as 'Authorization: Bearer KEY', or as Basic with the user 'api'.")


def _basic(value: str) -> str:
    try:
        user, _, key = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:  # also of letters that base64 has not
        raise AuthenticationFailed("The Basic credentials are not base64 of 'api:KEY'.") from None
    if user != "api":
        # Not repeated: `curl -u KEY:` puts the key there.
        raise AuthenticationFailed("With Basic the user must be 'api' and the password your key.")
    return key
