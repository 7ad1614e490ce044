"""Authentication of REST by API key."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from teams.accounts import api_key
from teams.accounts.key_header import key_in_header
from teams.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        plain = key_in_header(request.META.get("HTTP_AUTHORIZATION", ""))
        if plain is None:
            return None
        try:
            key = api_key.key_of(plain)
        except api_key.UnusableKey as error:
            raise AuthenticationFailed(str(error)) from None
        if key is None:
            raise AuthenticationFailed("This API key is not known here. Make one in Runbell under API keys.")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Runbell"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI page names it."""

    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "API key"}
