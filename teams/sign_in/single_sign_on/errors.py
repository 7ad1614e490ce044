"""Errors of single sign-on: what the person reads, and what the operator reads in the log and the audit log."""

from __future__ import annotations

from allauth.socialaccount.providers.base.provider import ProviderException
from django.utils.translation import gettext as _


class SignInFailed(ProviderException):  # type: ignore[misc]  # allauth has no types
    """The provider brought nobody in. `reason` is ours, for the operator: nothing of tokens, nothing it said."""

    def __init__(self, reason: str, shown: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.shown = shown or _("That did not work. Try again; if it stays so, tell the operator of this Runbell.")


class NotAdmitted(SignInFailed):
    """The provider knows the person, who may not come in here all the same."""
