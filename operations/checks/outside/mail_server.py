"""The mail server: whether it can be reached and takes the sign-in. No mail is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from integrations.email import smtp
from operations.checks.operator_check import Finding, Level, registry
from operations.checks.outside_service import OutsideService

_SECONDS = 5.0


@registry.register
class MailServerAnswers(OutsideService):
    """Whether the server that EMAIL_URL names answers, speaks TLS where asked to, and knows the user."""

    key, label = "mail_server", _("Mail server")
    setting = "EMAIL_URL"
    remedy = "Mend EMAIL_URL, or the way there: host, port, smtp+tls:// or smtp+ssl://, user and password."
    well = "The mail server answers, and takes the sign-in."

    def is_set(self) -> bool:
        return bool(settings.EMAIL_HOST)

    def findings(self) -> Iterable[Finding]:
        if self.is_set() and (failure := _failure(smtp.try_sign_in)):
            return [Finding(Level.PROBLEM, failure, self.remedy)]
        return super().findings()

    def failure(self) -> str:
        return _failure(smtp.try_connect)


def _failure(attempt: Callable[..., None]) -> str:
    try:
        attempt(deadline_seconds=_SECONDS)
    except OSError as error:  # smtplib's errors are OSErrors
        return f"the mail server cannot be used now ({type(error).__name__})"
    return ""
