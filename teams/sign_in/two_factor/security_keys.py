"""Passkeys and security keys (WebAuthn): what the browser is asked for, and whether its answer holds.

Each answer belongs to a challenge that stands in the session and is good for one try.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.http import HttpRequest

from teams.models import User

_LONGEST = 64 * 1024
_KEPT = ("id", "rawId", "type", "response", "authenticatorAttachment")


class NotAccepted(Exception):
    """The browser's answer does not hold: another challenge, site or key, or nothing that can be read."""


def are_possible(request: HttpRequest) -> bool:
    """Browsers have them for names, not for addresses, and over https or on this machine alone."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def options_to_add(user: User, *, passkey: bool) -> dict[str, Any]:
    """Say what the browser is to make: a passkey signs in by itself, and asks its person for a PIN or a finger."""
    return dict(auth.begin_registration(user, passkey))


def options_to_show(user: User | None) -> dict[str, Any]:
    """Say which key the browser is to show: one of this person, or a passkey of anybody."""
    return dict(auth.begin_authentication(user))


def new_credential(request: HttpRequest, answer: str) -> dict[str, Any]:
    """Give what is to be kept of a new key. Raises NotAccepted."""
    try:
        sent = _read(request, answer, auth.parse_registration_response)
        auth.complete_registration(sent)
        results = sent.get("clientExtensionResults", {}).get("credProps", {})
        return {
            **{name: sent[name] for name in _KEPT if name in sent},
            "clientExtensionResults": {"credProps": {"rk": bool(results.get("rk"))}},
        }
    # What fido2's readers raise of bytes that anybody may send is not written down anywhere.
    except Exception as error:
        raise NotAccepted from error
    finally:
        auth.clear_state()


def shown_key(request: HttpRequest, user: User, answer: str) -> Authenticator:
    """Give the key of this person that has answered. Raises NotAccepted."""
    try:
        sent = _read(request, answer, auth.parse_authentication_response)
        found: Authenticator = auth.complete_authentication(user, sent)
        return found
    except Exception as error:  # as above
        raise NotAccepted from error
    finally:
        auth.clear_state()


def shown_passkey(request: HttpRequest, answer: str) -> Authenticator:
    """Give the passkey that has answered, of whoever it is: it knew its person, by a PIN or a finger."""
    try:
        sent = _read(request, answer, auth.parse_authentication_response)
        response = auth.parse_authentication_response(sent)
        if not response.response.authenticator_data.is_user_verified():
            raise NotAccepted
        found: Authenticator = auth.complete_authentication(auth.extract_user_from_response(sent), sent)
        return found
    except Exception as error:  # as above
        raise NotAccepted from error
    finally:
        auth.clear_state()


def _read(request: HttpRequest, answer: str, parse: Any) -> dict[str, Any]:
    """Read the answer; it must come from this very origin, not from a host below it or another port."""
    if len(answer) > _LONGEST:
        raise NotAccepted
    sent: dict[str, Any] = json.loads(answer)
    if parse(sent).response.client_data.origin != f"{request.scheme}://{request.get_host()}":
        raise NotAccepted
    return sent
