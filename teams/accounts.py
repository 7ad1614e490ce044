"""What people change of their own account, told to the audit log."""

from __future__ import annotations

from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction

from teams import audit
from teams.models import User

# The time zone is how pages look to them, and no change that others care about.
_TOLD = ("first_name", "last_name", "email")


def keep_profile(changed: User) -> None:
    """Store what `changed` says of the person: their name, e-mail address and time zone."""
    with transaction.atomic():
        before = audit.columns(User.objects.select_for_update().get(pk=changed.pk), *_TOLD)
        changed.save(update_fields=[*_TOLD, "time_zone"])
        after = audit.columns(changed, *_TOLD)
        audit.record("user.change", f"user {changed}", team=None, person=changed, before=before, after=after)


class RecordedPassword(PasswordChangeForm):
    """Of every page where people change their own password."""

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit)
            tell_of_password(user)
        return user


def tell_of_password(user: User) -> None:
    """Say that it is a new one, and nothing of what it is."""
    masked = {"password": audit.MASK}
    audit.record("user.change", f"user {user}", team=None, person=user, before=masked, after=masked)
