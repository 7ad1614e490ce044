"""The provider of e-mail: messages and recipients, sent through the SMTP server that the operator set up."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from integrations.email import smtp
from outbound.provider import Delivery, Outcome, Provider, Receiver, Record, registry
from teams.mail_policy import MailPolicy, policies
from teams.models import Membership, Team

# Where a kept answer says what became of each recipient.
_RECIPIENTS = "recipients"
NOBODY = "None of its recipients has an address that may get e-mails. Edit the automation."
OFF = "E-mail is not set up here: the operator of this Runbell sets EMAIL_URL."


@dataclass(frozen=True)
class MailReceiver(Receiver):
    """A team's way to send; `members` are the addresses of its people by username, blank where they gave none.

    `settled`: what earlier tries came to for good, by address; blank where the mail server took the message.
    `policy` says where its organization lets e-mails go.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)
    policy: MailPolicy = MailPolicy()


@registry.register
class EmailProvider(Provider):
    """Sends plain text and HTML over SMTP."""

    key = "email"
    label = _("E-mail")
    noun = _("team")

    @classmethod
    def receivers(cls, ids: Iterable[int]) -> dict[int, Receiver]:
        """Give one for each team, by its number."""
        wanted = set(ids)
        members: dict[int, dict[str, str]] = defaultdict(dict)
        rows = Membership.objects.filter(team__in=wanted, user__is_active=True)
        for team, username, address in rows.values_list("team_id", "user__username", "user__email"):
            members[team][username] = address
        there = list(Team.objects.filter(pk__in=wanted).select_related("organization"))
        by_organization = policies(team.organization for team in there)
        return {
            team.pk: MailReceiver(
                f"{cls.key}:{team.pk}",
                team.name,
                team.pk,
                members=members[team.pk],
                policy=by_organization[team.organization_id],
            )
            for team in there
        }

    @classmethod
    def resumed(cls, receiver: Receiver, replies: Iterable[Any]) -> Receiver:
        """Leave out who has it already, and whom the mail server refused for good."""
        said: dict[str, str] = {}
        for reply in replies:
            said |= (reply or {}).get(_RECIPIENTS, {})
        settled = {address: reason for address, reason in said.items() if not _passes(reason)}
        return replace(cast(MailReceiver, receiver), settled=settled)

    @classmethod
    def send(cls, receiver: Receiver, delivery: Delivery) -> Record:
        started, letter = time.monotonic(), json.loads(delivery.body)
        if not is_on():
            return Record({}, None, Outcome(False, OFF), 0.0)
        if not letter["to"]:
            return Record({}, None, Outcome(False, NOBODY), 0.0)
        settled = cast(MailReceiver, receiver).settled
        left = [address for address in letter["to"] if address not in settled]
        if not left:
            return Record({}, None, _summed(settled), 0.0)
        message = _message(letter, delivery.id)
        try:
            answer = smtp.send(message, to=left, deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS)
            outcome, reply = _taken(answer, left, settled)
        except smtplib.SMTPRecipientsRefused as error:
            outcome, reply = _taken_by_none(error, settled), None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            outcome, reply = _failed(error), None
        return Record(_stored(message, letter, left), reply, outcome, time.monotonic() - started)


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


def _stored(message: EmailMultiAlternatives, letter: Mapping[str, Any], left: list[str]) -> dict[str, Any]:
    headers = {"From": message.from_email, "To": ", ".join(letter["to"]), "Subject": message.subject}
    if left != letter["to"]:
        # No header of the message, which is the same each time.
        headers["Only to"] = ", ".join(left)
    url = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT or ''}".rstrip(":")
    return {"method": "SMTP", "url": url, "headers": {**headers, **message.extra_headers}, "body": letter["text"]}


def _taken(answer: smtp.Answer, left: list[str], settled: Mapping[str, str]) -> tuple[Outcome, dict[str, Any]]:
    """Read what was said of each, and keep it for the next try where one is needed."""
    said = {address: answer.refused.get(address, "") for address in left}
    reply: dict[str, Any] = {"status": answer.code, "headers": {}, "body": answer.text}
    return _summed({**settled, **said}), {**reply, _RECIPIENTS: said} if answer.refused else reply


def _summed(said: Mapping[str, str]) -> Outcome:
    """Say who has it, of all; whom a 4xx refused is asked for again."""
    refused = {address: reason for address, reason in said.items() if reason}
    if not refused:
        return Outcome(True, "The mail server took the message.")
    again = any(map(_passes, refused.values()))
    refusals = _reasons_by_address(refused)
    about = f"The mail server took it for {len(said) - len(refused)} of {len(said)}, not for {refusals}."
    return Outcome(not again, about, retry=again)


def _taken_by_none(error: smtplib.SMTPRecipientsRefused, settled: Mapping[str, str]) -> Outcome:
    said = {**settled, **{address: smtp.reason(*answer) for address, answer in error.recipients.items()}}
    if not all(said.values()):  # some have it from an earlier try
        return _summed(said)
    again = any(map(_passes, said.values()))
    return Outcome(False, f"The mail server took no recipient: {_reasons_by_address(said)}.", retry=again)


def _reasons_by_address(refused: Mapping[str, str]) -> str:
    return ", ".join(f"{address} ({reason})" for address, reason in refused.items())


def _passes(reason: str) -> bool:
    """Whether it is a refusal that may pass: only 5xx is for good."""
    return bool(reason) and not reason.startswith("5")


def _failed(error: Exception) -> Outcome:
    """Read a refusal: 5xx is for good, 4xx and whatever has no answer may pass."""
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
