"""Profile and password changes of people's own accounts, with their audit rows."""

from __future__ import annotations

from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from teams.accounts.sign_in_limits import WrongPassword, password_try
from teams.audit import audit_log
from teams.local_passwords import may_use_password
from teams.models import User
from teams.sessions.expired_sessions import delete_sessions

# The time zone is how pages look to them, and no change that others care about.
_TOLD = ("first_name", "last_name", "email", "default_team")


def save_profile(changed: User) -> None:
    """Store what `changed` says of the person: their name, e-mail address, default team and time zone."""
    with transaction.atomic():
        before = audit_log.columns(User.objects.select_for_update(of=("self",)).get(pk=changed.pk), *_TOLD)
        changed.save(update_fields=[*_TOLD, "time_zone"])
        after = audit_log.columns(changed, *_TOLD)
        audit_log.record("user.change", f"user {changed}", team=None, person=changed, before=before, after=after)


class RecordedPasswordForm(PasswordChangeForm):
    """Of every page where people change their own password. Who found an open browser shall not guess the old one."""

    def clean_old_password(self) -> str:
        if not may_use_password(self.user):
            raise ValidationError(_("Passwords are switched off here: you sign in through your identity provider."))
        try:
            with password_try(self.user.get_username()):
                try:
                    old: str = super().clean_old_password()
                except ValidationError as error:
                    raise WrongPassword from error
                return old
        except WrongPassword as wrong:
            raise wrong.__cause__ or wrong from None

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            self.user.must_change_password = False
            user: User = super().save(commit)
            record_password_change(user)
        return user


def record_password_change(user: User) -> None:
    """Say that it is a new one, and nothing of what it is; end the sessions that the old one began.

    The browser that asks goes on: Django gives its session a new key afterwards.
    """
    masked = {"password": audit_log.MASK}
    audit_log.record("user.change", f"user {user}", team=None, person=user, before=masked, after=masked)
    delete_sessions(user)
