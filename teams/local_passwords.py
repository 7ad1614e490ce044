"""Local passwords: who may sign in with one of Runbell's own, where single sign-on has taken their place.

Every door that takes a password asks here. A break-glass admin is the superuser who still comes in when the identity
provider is down.
"""

from __future__ import annotations

from django.conf import settings

from teams.models import User


def are_passwords_on() -> bool:
    """Whether people sign in with passwords of Runbell's own, make and change them."""
    return bool(settings.LOCAL_PASSWORDS)


def may_use_password(user: User) -> bool:
    """Whether a password of this person counts, at whichever door it is shown; a passkey in its place as well."""
    return are_passwords_on() or is_break_glass_admin(user)


def is_break_glass_admin(user: User) -> bool:
    return user.is_break_glass and user.is_superuser and user.is_active
