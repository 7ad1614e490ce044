"""Discovery of an OpenID Connect provider: its endpoints and its public keys, kept in this process for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from teams.sign_in.single_sign_on.errors import SignInFailed
from teams.sign_in.single_sign_on.provider_requests import get_json
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider

_KEPT_SECONDS, _KEYS_ANEW_SECONDS = 3600, 60
_PATH = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Endpoints:
    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    takes_secret_in_form: bool


# By address.
_endpoints: dict[str, tuple[float, Endpoints]] = {}
_keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}


def endpoints_of(provider: IdentityProvider) -> Endpoints:
    """Give where the provider is asked. Raises SignInFailed."""
    kept = _endpoints.get(provider.issuer)
    if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
        return kept[1]
    document = get_json(provider, provider.issuer.rstrip("/") + _PATH, "the discovery document")
    found = _read(provider, document)
    _endpoints[provider.issuer] = (time.monotonic(), found)
    return found


def keys_of(provider: IdentityProvider, kid: str | None) -> list[dict[str, Any]]:
    """Give the public keys that may have signed with this id. One that is new is asked for, once a minute."""
    url = endpoints_of(provider).keys
    at, rows = _keys.get(url, (float("-inf"), []))
    found = _of_id(rows, kid)
    if time.monotonic() - at < (_KEPT_SECONDS if found else _KEYS_ANEW_SECONDS):
        return found
    told = get_json(provider, url, "the list of public keys").get("keys")
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise SignInFailed("the list of public keys has no keys")
    rows = told
    _keys[url] = (time.monotonic(), rows)
    return _of_id(rows, kid)


def forget() -> None:
    """Ask every provider anew."""
    _endpoints.clear()
    _keys.clear()


def _of_id(rows: list[dict[str, Any]], kid: str | None) -> list[dict[str, Any]]:
    signing = [row for row in rows if row.get("use", "sig") == "sig"]
    return [row for row in signing if row.get("kid") == kid] if kid else signing


def _read(provider: IdentityProvider, document: dict[str, Any]) -> Endpoints:
    issuer = document.get("issuer")
    # Else somebody else's document would say whose tokens are believed. A slash at the end is written either way.
    if not isinstance(issuer, str) or issuer.rstrip("/") != provider.issuer.rstrip("/"):
        raise SignInFailed("the discovery document is of another issuer than the one in RUNBELL_OIDC_PROVIDERS")
    methods = document.get("token_endpoint_auth_methods_supported")
    return Endpoints(
        issuer,
        _address(provider, document, "authorization_endpoint"),
        _address(provider, document, "token_endpoint"),
        _address(provider, document, "jwks_uri"),
        _address(provider, document, "userinfo_endpoint") if document.get("userinfo_endpoint") else "",
        isinstance(methods, list) and "client_secret_post" in methods,
    )


def _address(provider: IdentityProvider, document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    # Plain http only where the issuer itself, on this machine, was named so.
    starts = ("https://", "http://") if provider.issuer.startswith("http://") else ("https://",)
    if not isinstance(value, str) or not value.isprintable() or not value.startswith(starts):
        raise SignInFailed(f"the discovery document's {name} is no address with https://")
    return value
