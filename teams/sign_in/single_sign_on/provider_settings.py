"""Settings of single sign-on: the OpenID Connect providers, read from JSON and refused by field, value and remedy.

Read while Django's settings are made, so nothing here may import a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common.http.networks import Network, parse_networks

# Anybody can have an account there.
OPEN_TO_ALL = ("accounts.google.com", "login.microsoftonline.com/common", "login.microsoftonline.com/organizations",
               "login.microsoftonline.com/consumers")  # fmt: skip
# What else stands below /sign-in/.
_PAGES = ("passkey", "second-step")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ROLES = ("viewer", "member", "admin")
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class GroupGrant:
    """What a group of the provider gives: a role in each of these teams, and administering these organizations."""

    teams: Mapping[str, str] = field(default_factory=dict)
    admin_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class IdentityProvider:
    """One OpenID Connect provider, as the operator set it up. Its accounts are known by `id` and the subject."""

    id: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    groups: Mapping[str, GroupGrant] = field(default_factory=dict)
    # Of these groups one is needed to come in, and of these claims each; empty: whomever the provider lets in.
    required_groups: tuple[str, ...] = ()
    required_claims: Mapping[str, str | bool] = field(default_factory=dict)
    creates_accounts: bool = True
    links_by_email: bool = False
    # Whether the provider's word is enough where a second factor is asked for.
    second_factor: str = "provider"
    # Whether it says when it asked the person (auth_time): needed to believe that it asked again.
    says_auth_time: bool = True
    networks: tuple[Network, ...] = ()


def parse_providers(text: str) -> tuple[IdentityProvider, ...]:
    """Give the providers of a JSON list. ValueError names the field, its value and the remedy; never a secret."""
    if not text.strip():
        return ()
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"must be a list of providers in JSON; this cannot be read{place}") from None
    if not isinstance(rows, list):
        raise ValueError("must be a list of providers in JSON, such as [{...}]")
    found = tuple(_provider(row, f"[{number}]") for number, row in enumerate(rows))
    for name in ("id", "label"):
        values = [getattr(provider, name) for provider in found]
        for value in values:
            if values.count(value) > 1:
                raise ValueError(f"{name} {value!r} is there twice. Give each provider its own.")
    return found


def _provider(row: Any, where: str) -> IdentityProvider:
    if not isinstance(row, dict):
        raise ValueError(f"{where} must be an object with id, label, issuer and client_id")
    values = {name: _READERS[name](row[name], f"{where}.{name}") for name in row if name in _READERS}
    _refuse_unknown(row, {*_READERS, "client_secret_file"}, where)
    for name in ("id", "label", "issuer", "client_id"):
        if name not in values:
            raise ValueError(f"{where}.{name} is missing. Each provider needs id, label, issuer and client_id.")
    if "client_secret_file" in row:
        if "client_secret" in row:
            raise ValueError(f"{where} has client_secret and client_secret_file. Keep one of them.")
        values["client_secret"] = _secret_in(row["client_secret_file"], f"{where}.client_secret_file")
    provider = IdentityProvider(**values)
    _refuse_everybody(provider, where)
    return provider


def _refuse_everybody(provider: IdentityProvider, where: str) -> None:
    """Refuse a provider where anybody has an account, unless something says whose may come in."""
    open_to_all = any(place in provider.issuer for place in OPEN_TO_ALL)
    if open_to_all and not (provider.required_claims or provider.required_groups):
        raise ValueError(
            f"{where}.issuer {provider.issuer!r} signs in anybody in the world. Say whose accounts may come in with "
            'required_claims, such as {"hd": "example.com"}, or use the address of your own tenant.'
        )


def _refuse_unknown(row: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in row:
        if name not in known:
            raise ValueError(f"{where}.{name} is not known. Use: {', '.join(sorted(known))}.")


def _refusal(where: str, value: Any, remedy: str) -> ValueError:
    return ValueError(f"{where} must be {remedy}, not {value!r}")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _refusal(where, value, "a text")
    return value.strip()


def _secret(value: Any, where: str) -> str:
    # The value is not repeated.
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{where} must be a text")
    return value


def _secret_in(value: Any, where: str) -> str:
    path = Path(_text(value, where))
    # Our children stand in another folder than we do (`common.processes`).
    if not path.is_absolute():
        raise _refusal(where, value, "an absolute path, such as /run/secrets/oidc")
    try:
        found = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise _refusal(where, value, "a file that can be read") from None
    if not found:
        raise _refusal(where, value, "a file with the secret in it; that one is empty")
    return _secret(found, where)


def _id(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _refusal(where, value, "up to 32 lower-case letters, digits and hyphens: it stands in addresses")
    if value in _PAGES:
        raise _refusal(where, value, "another word: that is a page of Runbell's own")
    return value


def _issuer(value: Any, where: str) -> str:
    text = _text(value, where)
    parts = urlsplit(text)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or plain):
        raise _refusal(where, value, "an address with https://, without ? and #")
    if "/.well-known/" in text:
        raise _refusal(where, value, "the issuer's address, without /.well-known/ and what follows")
    return text


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _refusal(where, value, "true or false")
    return value


def _list_of_texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _refusal(where, value, "a list of texts")
    return tuple(_text(item, f"{where}[{number}]") for number, item in enumerate(value))


def _scopes(value: Any, where: str) -> tuple[str, ...]:
    scopes = _list_of_texts(value, where)
    if "openid" not in scopes:
        raise _refusal(where, value, "a list with openid in it")
    return scopes


def _networks(value: Any, where: str) -> tuple[Network, ...]:
    try:
        return parse_networks(_list_of_texts(value, where))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _claims(value: Any, where: str) -> Mapping[str, str | bool]:
    if not isinstance(value, dict):
        raise _refusal(where, value, 'an object, such as {"hd": "example.com"}')
    for name, wanted in value.items():
        if not isinstance(wanted, (str, bool)):
            raise _refusal(f"{where}.{name}", wanted, "a text, true or false")
    return value


def _groups(value: Any, where: str) -> Mapping[str, GroupGrant]:
    if not isinstance(value, dict):
        raise _refusal(where, value, 'an object, such as {"ml": {"teams": {"acme": "member"}}}')
    return {name: _grant(grant, f"{where}.{name}") for name, grant in value.items()}


def _grant(value: Any, where: str) -> GroupGrant:
    if not isinstance(value, dict):
        raise _refusal(where, value, 'an object, such as {"teams": {"acme": "member"}, "admin_of": ["research"]}')
    _refuse_unknown(value, {"teams", "admin_of"}, where)
    teams = value.get("teams", {})
    if not isinstance(teams, dict):
        raise _refusal(f"{where}.teams", teams, 'an object, such as {"acme": "member"}')
    for team, role in teams.items():
        if role not in _ROLES:
            raise _refusal(f"{where}.teams.{team}", role, f"one of {', '.join(_ROLES)}")
    return GroupGrant(teams, _list_of_texts(value.get("admin_of", []), f"{where}.admin_of"))


def _second_factor(value: Any, where: str) -> str:
    if value not in ("provider", "runbell"):
        raise _refusal(where, value, "provider (its word is enough) or runbell (Runbell asks for its own besides)")
    return str(value)


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "id": _id,
    "label": _text,
    "issuer": _issuer,
    "client_id": _text,
    "client_secret": _secret,
    "scopes": _scopes,
    "groups_claim": _text,
    "groups": _groups,
    "required_groups": _list_of_texts,
    "required_claims": _claims,
    "creates_accounts": _flag,
    "links_by_email": _flag,
    "second_factor": _second_factor,
    "says_auth_time": _flag,
    "networks": _networks,
}
