"""Who is calling: an API key as Bearer, or as Basic with the user `api` (what the wandb SDK sends)."""

from __future__ import annotations

import base64
import binascii

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from teams import keys
from teams.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        plain = key_in_header(request.META.get("HTTP_AUTHORIZATION", ""))
        if plain is None:
            return None
        try:
            key = keys.key_of(plain)
        except keys.Expired as error:
            raise AuthenticationFailed(str(error)) from None
        if key is None:
            raise AuthenticationFailed("This API key is not known here. Make one in Runbell under API keys.")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Runbell"'


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
    except (binascii.Error, UnicodeDecodeError):
        raise AuthenticationFailed("The Basic credentials are not base64 of 'api:KEY'.") from None
    if user != "api":
        # Not repeated: `curl -u KEY:` puts the key there.
        raise AuthenticationFailed("With Basic the user must be 'api' and the password your key.")
    return key


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI page names it."""

    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "API key"}
