"""Scopes of API keys: what a key may do of what its person may, in which team, from where."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from common.data.validation_errors import quoted


class KeyScope(models.TextChoices):
    """Each may read; `all` includes the others."""

    READ = "read", _("Read")
    LOG = "log", _("Log runs and artifacts")
    AUTOMATIONS = "automations", _("Manage automations")
    ALL = "all", _("Everything")


_INCLUDES = {
    KeyScope.READ: {KeyScope.READ},
    KeyScope.LOG: {KeyScope.READ, KeyScope.LOG},
    KeyScope.AUTOMATIONS: {KeyScope.READ, KeyScope.AUTOMATIONS},
    KeyScope.ALL: set(KeyScope),
}


def includes(scope: str, other: str) -> bool:
    """Say whether a key of the scope may do all that one of the other may."""
    return _INCLUDES[KeyScope(other)] <= _INCLUDES[KeyScope(scope)]


def require(user: Any, needed: KeyScope) -> None:
    """Refuse what the key that the request showed may not do, though its person may. A browser shows no key."""
    key = getattr(user, "shown_key", None)
    if key is not None and needed not in _INCLUDES[KeyScope(key.scope)]:
        raise PermissionDenied(
            f"This takes an API key with the scope {_or_all(needed)}; this one has {key.scope!r}. "
            "Make another in Runbell under API keys."
        )


class ScopeOfKey(BasePermission):
    """REST: reading takes any key; what changes something takes what the view says as `key_scope`, else `all`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = KeyScope.READ if request.method in SAFE_METHODS else getattr(view, "key_scope", KeyScope.ALL)
        require(request.user, needed)
        return True


def checked_networks(text: str) -> str:
    """Give ranges of addresses in their usual form, with spaces between. Raises ValidationError."""
    try:
        return " ".join(str(ip_network(part)) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise ValidationError(
            f"{quoted(text)}: {error}. Write ranges such as 10.1.0.0/16, with spaces between."
        ) from None


def is_from(address: str | None, networks: str) -> bool:
    """Say whether the address is in one of the ranges; without ranges every address is."""
    if not networks:
        return True
    if not address:
        return False
    found = ip_address(address)
    return any(found in ip_network(part) for part in networks.split())


def _or_all(needed: KeyScope) -> str:
    return " or ".join(dict.fromkeys((repr(needed.value), repr(KeyScope.ALL.value))))
