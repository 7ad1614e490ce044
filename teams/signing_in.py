"""Who signs in and out, and who fails to, for the audit log: at every door that asks for a password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from teams import audit, origin
from teams.models import User
from teams.throttle import is_flooding


@receiver(user_logged_in)
def _signed_in(user: User, **_: Any) -> None:
    _record("sign_in", user, by=user)


@receiver(user_logged_out)
def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _record("sign_out", user, by=user)


@receiver(user_login_failed)
def _failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Tell of a wrong password. A name that is nobody's is not kept: people type passwords there."""
    if is_flooding(origin.current().address):
        return
    user = User.objects.filter(username=credentials.get("username", "")).first()
    _record("sign_in.failed", user, after={"reason": "wrong password" if user else "no such user"})


@contextmanager
def refusal_recorded(user: User) -> Iterator[None]:
    """Tell of a person whose password is right and who may not sign in here all the same."""
    try:
        yield
    except ValidationError as error:
        _record("sign_in.failed", user, after={"reason": " ".join(error.messages)})
        raise


def _record(verb: str, user: User | None, *, by: User | None = None, after: Mapping[str, Any] | None = None) -> None:
    target = f"user {user.username}" if user else f"user {audit.MASK}"
    with transaction.atomic():
        audit.record(verb, target, team=None, person=user, by=by, after=after)
