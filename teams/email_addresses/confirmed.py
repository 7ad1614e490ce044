"""Confirmed e-mail addresses: which of them are shown to be their people's, so that they may count.

Anybody types any address into their own profile. Until it is confirmed it opens no account, keeps nobody else from
theirs, and gets no e-mail. What confirms one: a mailed link (`teams.email_addresses.confirmation_link`), a provider
that says so, an invitation that was mailed there, and a superuser or the operator who sets it.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q

from teams.audit import audit_log
from teams.models import User


def confirmed(path: str = "") -> Q:
    """Say whose address is confirmed, for a query of rows from which `path`, such as `user__`, leads to people."""
    return Q(**{f"{path}email": F(f"{path}confirmed_email")}) & ~Q(**{f"{path}email": ""})


def is_confirmed(user: User) -> bool:
    return user.email != "" and user.email == user.confirmed_email


def is_same(one: str, other: str) -> bool:
    """Whether two addresses are one. Case is put aside for ASCII alone: other letters have look-alikes that fold."""
    if one.isascii() and other.isascii():
        return one.lower() == other.lower()
    return one == other


def confirm_address(user: User, address: str, how: str) -> bool:
    """Let this address of the person count from now on; False where it is not the one they have."""
    if not address or not is_same(user.email, address):
        return False
    if is_confirmed(user):
        return True
    with transaction.atomic():
        row = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not is_same(row.email, address):
            return False
        before = audit_log.columns(row, "confirmed_email")
        row.confirmed_email = row.email
        row.save(update_fields=["confirmed_email"])
        after = {**audit_log.columns(row, "confirmed_email"), "how": how}
        audit_log.record("user.change", f"user {row}", team=None, person=row, before=before, after=after)
    user.email = user.confirmed_email = row.email
    return True
