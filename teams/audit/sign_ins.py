"""Sign-in audit: who signs in and out, and who fails to, at every door that asks for a password."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from common.processes.fair_lock import in_turn
from teams.audit import actor, audit_log
from teams.audit.denial_limit import is_flooding
from teams.local_passwords import are_passwords_on, may_use_password
from teams.models import User

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def _signed_in(user: User, request: HttpRequest | None = None, **_: Any) -> None:
    proof = _proof(user, request)
    after: dict[str, Any] | None = {"with": proof["provider"]} if "provider" in proof else None
    if proof.get("method") == "password" and not are_passwords_on():
        after = {"with": "password", "break_glass": True}
        logger.warning("%s signed in with a password, as break-glass admin", user)
    _record("sign_in", user, by=user, after=after)


@receiver(user_logged_out)
def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _record("sign_out", user, by=user)


@receiver(user_login_failed)
def _failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Tell of a wrong password. A name that is nobody's is not kept: people type passwords there."""
    if is_flooding(actor.current().address):
        return
    user = User.objects.filter(username=credentials.get("username", "")).first()
    _record("sign_in.failed", user, after={"reason": _reason(user)})


def record_failure(user: User | None, reason: str) -> None:
    """Tell that an identity provider did not bring somebody in, or brought whom may not sign in."""
    if not is_flooding(actor.current().address):
        _record("sign_in.failed", user, after={"reason": reason})


@contextmanager
def refusal_recorded(user: User) -> Iterator[None]:
    """Tell of a person whose password is right and who may not sign in here all the same."""
    try:
        yield
    except ValidationError as error:
        _record("sign_in.failed", user, after={"reason": " ".join(error.messages)})
        raise


def _reason(user: User | None) -> str:
    if user is None:
        return "no such user"
    return "wrong password" if may_use_password(user) else "passwords are switched off"


def _proof(user: User, request: HttpRequest | None) -> Mapping[str, Any]:
    """Give by what the person came in just now; a page that knows passwords alone says nothing of it."""
    records = get_authentication_records(request, user) if request is not None and hasattr(request, "session") else []
    first = [one for one in records if one.get("method") in ("password", "socialaccount")]
    return first[-1] if first else {"method": "other" if records else "password"}


def _record(verb: str, user: User | None, *, by: User | None = None, after: Mapping[str, Any] | None = None) -> None:
    target = f"user {user.username}" if user else f"user {audit_log.MASK}"
    # In turn: of many wrong passwords at once none shall keep others from writing.
    with in_turn(), transaction.atomic():
        audit_log.record(verb, target, team=None, person=user, by=by, after=after)
