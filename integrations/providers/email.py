"""E-mail, through the mail server that the operator set up."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from integrations import smtp
from integrations.provider import Delivery, Endpoint, Outcome, Provider, Record, registry
from teams.models import Membership, Team

OFF = "E-mail is not set up here: the operator of this Runbell sets EMAIL_URL."


@dataclass(frozen=True)
class MailEndpoint(Endpoint):
    """A team's way to send; `members` are the addresses of its people by username, blank where they gave none."""

    members: Mapping[str, str] = field(default_factory=dict)


@registry.register
class EmailProvider(Provider):
    """Sends plain text and HTML over SMTP."""

    key = "email"
    label = _("E-mail")
    noun = _("team")

    @classmethod
    def endpoints(cls, ids: Iterable[int]) -> dict[int, Endpoint]:
        """Give one for each team, by its number."""
        wanted = set(ids)
        members: dict[int, dict[str, str]] = defaultdict(dict)
        rows = Membership.objects.filter(team__in=wanted, user__is_active=True)
        for team, username, address in rows.values_list("team_id", "user__username", "user__email"):
            members[team][username] = address
        there = Team.objects.filter(pk__in=wanted).values_list("pk", "name")
        return {pk: MailEndpoint(f"{cls.key}:{pk}", name, pk, members=members[pk]) for pk, name in there}

    @classmethod
    def send(cls, endpoint: Endpoint, delivery: Delivery) -> Record:
        started, letter = time.monotonic(), json.loads(delivery.body)
        if not is_on():
            return Record({}, None, Outcome(False, OFF), 0.0)
        if not letter["to"]:
            return Record({}, None, Outcome(False, "None of its recipients has an address. Edit the automation."), 0.0)
        message = _message(letter, delivery.id)
        try:
            answer = smtp.send(message, deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS)
            outcome, reply = _taken(answer, letter["to"]), {"status": answer.code, "headers": {}, "body": answer.text}
        except (smtplib.SMTPException, OSError, ValueError) as error:
            outcome, reply = _failed(error), None
        return Record(_stored(message, letter), reply, outcome, time.monotonic() - started)


def is_on() -> bool:
    return bool(settings.EMAIL_HOST)


def _message(letter: Mapping[str, Any], delivery_id: str) -> EmailMultiAlternatives:
    host = urlsplit(settings.RUNBELL_URL).hostname or "localhost"
    # The same on each try, so that a mailbox can tell; and no answer by a machine is wanted.
    headers = {"Message-ID": f"<{delivery_id}@{host}>", "Auto-Submitted": "auto-generated"}
    subject = " ".join(letter["subject"].split())
    message = EmailMultiAlternatives(subject, letter["text"], to=letter["to"], headers=headers)
    message.attach_alternative(letter["html"], "text/html")
    return message


def _stored(message: EmailMultiAlternatives, letter: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"From": message.from_email, "To": ", ".join(letter["to"]), "Subject": message.subject}
    url = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT or ''}".rstrip(":")
    return {"method": "SMTP", "url": url, "headers": {**headers, **message.extra_headers}, "body": letter["text"]}


def _taken(answer: smtp.Answer, to: list[str]) -> Outcome:
    if not answer.refused:
        return Outcome(True, "The mail server took the message.")
    said = ", ".join(f"{address} ({reason})" for address, reason in answer.refused.items())
    return Outcome(True, f"The mail server took it for {len(to) - len(answer.refused)} of {len(to)}, not for {said}.")


def _failed(error: Exception) -> Outcome:
    """Read a refusal: 5xx is for good, 4xx and whatever has no answer may pass."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        said = ", ".join(f"{who} ({smtp.reason(*answer)})" for who, answer in error.recipients.items())
        return Outcome(False, f"The mail server took no recipient: {said}.", retry=any(code < 500 for code in codes))
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = f"The mail server refused the sign-in ({error.smtp_code}). The operator mends EMAIL_URL."
        return Outcome(False, said, retry=error.smtp_code < 500)
    if isinstance(error, smtplib.SMTPResponseException):
        said = smtp.reason(error.smtp_code, error.smtp_error)
        return Outcome(False, f"The mail server answered {said}.", retry=error.smtp_code < 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Outcome(False, "The mail server lacks what EMAIL_URL asks for, such as TLS or a sign-in.")
    return Outcome(False, *_unanswered(error))


def _unanswered(error: Exception) -> tuple[str, bool]:
    seconds = settings.DELIVERY_DEADLINE_SECONDS
    if isinstance(error, TimeoutError):
        return f"The mail server did not answer within {seconds} s.", True
    if isinstance(error, ssl.SSLError):
        return "The TLS handshake with the mail server failed.", True
    if isinstance(error, (ValueError, smtplib.SMTPException)) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server did not understand, or an address cannot be written in a letter.", False
    return "The mail server could not be reached, or closed the connection.", True
