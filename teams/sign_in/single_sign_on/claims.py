"""The claims of an identity provider, read: who the person is, and in which groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from teams.sign_in.single_sign_on.errors import NotAdmitted, SignInFailed
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider

# As long as allauth's column of it; OpenID Connect allows 255, and nobody uses so many.
_LONGEST_SUBJECT = 191


@dataclass(frozen=True)
class Identity:
    """A person as the provider tells of them. `email` is blank unless the provider says that it is theirs.

    It is plain ASCII, as OpenID Connect has it (RFC 5322): no sign in it is hidden, or folds to another.
    """

    subject: str
    username: str
    first_name: str
    last_name: str
    email: str
    groups: frozenset[str]


def merged(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Give the claims of both; of what both say, the second. Raises SignInFailed where they are of two people."""
    if userinfo and userinfo.get("sub") != id_token["sub"]:
        raise SignInFailed("the provider's userinfo is of another person than the ID token")
    claims = {**id_token, **userinfo}
    if "email" in userinfo and "email_verified" not in userinfo:
        # What the token said of its own address says nothing of this one.
        claims.pop("email_verified", None)
    return claims


def identity_of(provider: IdentityProvider, claims: Mapping[str, Any]) -> Identity:
    """Read the claims. Raises SignInFailed for what cannot be, NotAdmitted for whom the operator keeps out."""
    groups = _groups(provider, claims)
    _require_admitted(provider, claims, groups)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise SignInFailed(f"the subject is no text of 1 to {_LONGEST_SUBJECT} characters")
    return Identity(
        subject,
        _text(claims, "preferred_username") or _text(claims, "email"),
        _text(claims, "given_name")[:150],
        _text(claims, "family_name")[:150],
        _email(claims),
        groups,
    )


def _require_admitted(provider: IdentityProvider, claims: Mapping[str, Any], groups: frozenset[str]) -> None:
    missing = [name for name, wanted in provider.required_claims.items() if not _is(claims.get(name), wanted)]
    if missing:
        reason = f"the claim {missing[0]} is not the one that required_claims asks for"
    elif provider.required_groups and groups.isdisjoint(provider.required_groups):
        reason = "none of the required_groups is among the person's groups"
    else:
        return
    raise NotAdmitted(
        reason, _("Your account at %(label)s may not sign in here. Ask the operator.") % {"label": provider.label}
    )


def _is(value: Any, wanted: str | bool) -> bool:
    if isinstance(value, list) and isinstance(wanted, str):
        return wanted in value
    return type(value) is type(wanted) and value == wanted


def _groups(provider: IdentityProvider, claims: Mapping[str, Any]) -> frozenset[str]:
    name = provider.groups_claim
    if not (provider.groups or provider.required_groups):
        return frozenset()
    elsewhere = claims.get("_claim_names")
    if name not in claims and (claims.get("hasgroups") or (isinstance(elsewhere, dict) and name in elsewhere)):
        # Entra does so beyond 200 groups. To take everything back, or to leave it, would both be guesses.
        raise SignInFailed("the provider left out the groups, being too many; let it send those of this application")
    value = claims.get(name, [])
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(group, str) for group in found):
        raise SignInFailed(f"the claim {name!r} is no list of texts (groups_claim)")
    return frozenset(found)


def _email(claims: Mapping[str, Any]) -> str:
    # Some say "true" as a text.
    if claims.get("email_verified") not in (True, "true"):
        return ""
    address = claims.get("email")
    # What identifies is taken as it stands or not at all: what is left out of it would make it another one's.
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or len(address) > 254:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Give a claim without what no database and no page could take: for names, which identify nobody."""
    value = claims.get(name)
    return "".join(sign for sign in value if sign.isprintable()).strip() if isinstance(value, str) else ""
