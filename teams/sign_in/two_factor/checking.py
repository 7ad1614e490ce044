"""The second step checked: a code or a security key, limited, and told in the audit log whether it was right or not."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from teams.accounts.sign_in_limits import WrongCode, code_try
from teams.audit import actor, audit_log
from teams.audit.denial_limit import is_flooding
from teams.local_passwords import may_use_password
from teams.models import User
from teams.sign_in.two_factor import security_keys
from teams.sign_in.two_factor.codes import count_codes_left, use_code

_SAID = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.RECOVERY_CODES: "recovery code",
    Authenticator.Type.WEBAUTHN: "security key",
}


def check_code(user: User, code: str) -> Authenticator:
    """Use up the code. Raises WrongCode, or TooManyRequests."""
    try:
        found = use_code(user, code)
    except WrongCode:
        _record_failed(user, "wrong code")
        raise
    _record_right(user, found)
    return found


def check_key(request: HttpRequest, user: User, answer: str) -> Authenticator:
    """See whether the browser has shown a key of this person. Raises WrongCode, or TooManyRequests."""
    try:
        with code_try(user):
            try:
                found = security_keys.shown_key(request, user, answer)
            except security_keys.NotAccepted as error:
                raise WrongCode from error
    except WrongCode:
        _record_failed(user, "wrong security key")
        raise
    _record_right(user, found)
    return found


def check_passkey(request: HttpRequest, answer: str) -> Authenticator | None:
    """Give the passkey by which somebody signs in without a password; None where that may not be."""
    try:
        found = security_keys.shown_passkey(request, answer)
    except security_keys.NotAccepted:
        _record_failed(None, "wrong passkey")
        return None
    # Where the identity provider says who is let in, a key of ours is no way around it.
    if not found.user.is_active or found.user.is_service or not may_use_password(found.user):
        _record_failed(found.user, "may not sign in")
        return None
    _record_right(found.user, found)
    return found


def _record_right(user: User, found: Authenticator) -> None:
    after = {"with": _SAID[found.type]}
    if found.type == Authenticator.Type.RECOVERY_CODES:
        after["left"] = str(count_codes_left(user))
    with transaction.atomic():
        audit_log.record("sign_in.second_step", f"user {user}", team=None, person=user, by=user, after=after)


def _record_failed(user: User | None, reason: str) -> None:
    if user is None and is_flooding(actor.current().address):
        return
    target = f"user {user or audit_log.MASK}"
    with transaction.atomic():
        audit_log.record("sign_in.failed", target, team=None, person=user, after={"reason": reason})
