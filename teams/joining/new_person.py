"""New people: who was invited makes an account and joins, both or neither."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from teams.audit import audit_log
from teams.joining import invitations
from teams.joining.forms import NewPersonForm
from teams.models import Invitation, User


def join_as_new_person(token: str, found: Invitation, form: NewPersonForm) -> User | None:
    """Give the person who has joined; None where the form is not good, and says why. The link is good for one."""
    if form.is_valid():
        try:
            with transaction.atomic():
                return _made(token, found, form)
        except IntegrityError:  # somebody took the name at this moment
            form.add_error("username", form.name_taken())
    if form.is_name_taken():
        invitations.count_taken_name(found)
    return None


def _made(token: str, found: Invitation, form: NewPersonForm) -> User:
    user = form.save(commit=False)
    # Only whom the link reached by e-mail has shown that the address is theirs.
    user.email = user.confirmed_email = found.email if found.emailed_at else ""
    user.save()
    after = audit_log.columns(user, "username", "email")
    audit_log.record("user.create", f"user {user}", team=None, by=user, person=user, after=after)
    invitations.accept(token, user)
    return user
