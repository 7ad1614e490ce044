"""Break-glass admins: superusers who go on using a password where passwords are switched off."""

from __future__ import annotations

from django.db import transaction

from common.data.validation_errors import quoted, refuse
from teams.audit import audit_log
from teams.models import User


def mark_break_glass(username: str) -> User:
    """Let this superuser go on using a password where passwords are switched off."""
    user = _superuser(username)
    if not user.has_usable_password():
        refuse("username", f"{username} has no password. Set one first: manage.py changepassword {username}")
    return _marked(user, True)


def unmark_break_glass(username: str) -> User:
    return _marked(_superuser(username), False)


def _superuser(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True, is_superuser=True).first()
    if user is None:
        refuse("username", f"{quoted(username)} is no superuser here. Name one that is: they alone can repair sign-in.")
    return user


def _marked(user: User, value: bool) -> User:
    with transaction.atomic():
        before = audit_log.columns(user, "is_break_glass")
        user.is_break_glass = value
        user.save(update_fields=["is_break_glass"])
        after = audit_log.columns(user, "is_break_glass")
        audit_log.record("user.change", f"user {user}", team=None, person=user, before=before, after=after)
    return user
