"""New accounts that somebody else makes: service accounts by a team's admin, people by an instance admin."""

from __future__ import annotations

import re
import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from common.data.validation_errors import Conflict, quoted, refuse
from teams import memberships
from teams.accounts import handed_over_key
from teams.audit import audit_log
from teams.email_addresses.confirmed import confirmed
from teams.models import Role, Team, User

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST = 150
_AUDITED = ("username", "first_name", "email", "is_service", "is_superuser")


def create_service_account(team: Team, description: str, *, by: User) -> User:
    """Make an account that scripts use, a member of this team alone, with a key that `by` can read once.

    It cannot sign in. Its key reaches the team alone, and no further than the one that the request showed.
    """
    words_of_people = described(description)
    # Random at its end: whether somebody is called so is not told.
    words = _NOT_IN_NAMES.sub("-", words_of_people.lower()).strip("-")[:60] or "service"
    user = User(username=f"{team.name}-{words}-{secrets.token_hex(3)}", first_name=words_of_people, is_service=True)
    with transaction.atomic():
        _store(user, team)
        memberships.give_role(team, user, Role.MEMBER)
        handed_over_key.create(user, team, by=by)
    return user


def create_person(email: str, *, is_instance_admin: bool = False) -> User:
    """Make a person who has no password yet: single sign-on or a superuser at /admin/ lets them in."""
    try:
        validate_email(email)
    except ValidationError:
        refuse("email", f"{quoted(email)} is no e-mail address. Write it like ada@example.com.")
    if User.objects.filter(confirmed(), email__iexact=email).exists():
        raise Conflict({"email": f"Somebody has the address {quoted(email)} already."})
    wanted = re.sub(r"[^\w.+-]+", "-", email.partition("@")[0])[:100]
    user = User(username=_free(wanted), email=email, confirmed_email=email)
    user.is_superuser = user.is_staff = is_instance_admin
    with transaction.atomic():
        _store(user, None)
    return user


def described(text: str) -> str:
    """Give what is said of an account. Raises ValidationError."""
    words = text.strip()
    if not words or len(words) > _LONGEST:
        refuse("description", f"{quoted(text)}: say in 1 to {_LONGEST} characters what uses the account.")
    return words


def _store(user: User, team: Team | None) -> None:
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    after = audit_log.columns(user, *_AUDITED)
    audit_log.record("user.create", f"user {user}", team=team, person=user, after=after)


def _free(wanted: str) -> str:
    taken = User.objects.filter(username__iexact=wanted).exists()
    return f"{wanted}-{secrets.token_hex(3)}" if taken else wanted
