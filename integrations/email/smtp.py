"""E-mail through the operator's mail server, with one deadline for all of it.

The host is the operator's (EMAIL_URL) and nobody else can name one, so the address policy does not apply to it: mail
servers stand in private networks. Django's own backend limits each wait; a server that trickles would hold a thread.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address

from outbound.addresses import OperatorsPolicy, ParsedUrl
from outbound.masking import kept_words
from outbound.request_deadline import Exchange, TimedTLSSocket, current

# Of what the server says: kept, and looked through for the password.
_LONGEST_KEPT, _LONGEST_READ = 300, 2000


@dataclass(frozen=True)
class Answer:
    """What the server said in the end; `refused` are the addresses it did not take, with the reason."""

    code: int
    text: str
    refused: dict[str, str] = field(default_factory=dict)


def send(message: EmailMessage, *, deadline_seconds: float, to: Sequence[str] | None = None) -> Answer:
    """Send one message, to its recipients or only to those of them. Raises smtplib.SMTPException and OSError.

    Among these is TimeoutError. Addresses are said back as they were given.
    """
    encoding = str(message.encoding or settings.DEFAULT_CHARSET)
    sender = sanitize_address(message.from_email, encoding)
    given = {sanitize_address(address, encoding): address for address in to or message.recipients()}
    parsed = ParsedUrl("smtp", settings.EMAIL_HOST, settings.EMAIL_PORT or _usual_port(), "/", None)
    exchange = Exchange(parsed, OperatorsPolicy(), socket.getaddrinfo, time.monotonic() + deadline_seconds)
    token = current.set(exchange)
    try:
        answer = _sent(sender, list(given), _bytes(message))
        return replace(answer, refused={given[address]: said for address, said in answer.refused.items()})
    except smtplib.SMTPRecipientsRefused as error:
        raise smtplib.SMTPRecipientsRefused(
            {given[address]: said for address, said in error.recipients.items()}
        ) from None
    except smtplib.SMTPServerDisconnected:
        # smtplib says so of every failure to read.
        if exchange.expired:
            raise TimeoutError from None
        raise
    finally:
        current.reset(token)


def try_sign_in(*, deadline_seconds: float) -> None:
    """Reach the server and sign in there, and send nothing. Raises smtplib.SMTPException and OSError."""
    _attempt(_signed_in, deadline_seconds)


def try_connect(*, deadline_seconds: float) -> None:
    """Reach the server, and no more."""
    _attempt(_session, deadline_seconds)


def _attempt(connect: Callable[[], _Session], deadline_seconds: float) -> None:
    parsed = ParsedUrl("smtp", settings.EMAIL_HOST, settings.EMAIL_PORT or _usual_port(), "/", None)
    exchange = Exchange(parsed, OperatorsPolicy(), socket.getaddrinfo, time.monotonic() + deadline_seconds)
    token = current.set(exchange)
    try:
        connect().close()
    finally:
        current.reset(token)


class Backend(BaseEmailBackend):
    """Django's way in, for everything that sends with `django.core.mail`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for message in email_messages:
            with suppress(*([OSError] if self.fail_silently else [])):
                send(message, deadline_seconds=settings.EMAIL_TIMEOUT)
                sent += 1
        return sent


class _Session(smtplib.SMTP):
    """smtplib over sockets that keep to the exchange's deadline."""

    said = (0, b"")

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        plain = current.get().dial()
        return _tls().wrap_socket(plain, server_hostname=host) if settings.EMAIL_USE_SSL else plain

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.said = super().data(msg)
        return self.said


def _sent(sender: str, recipients: list[str], message: bytes) -> Answer:
    session = _signed_in()
    try:
        refused = session.sendmail(sender, recipients, message)
        # Nobody waits for the good-bye: a message that was taken is sent.
        with suppress(OSError):
            session.putcmd("quit")
    finally:
        session.close()
    code, text = session.said
    return Answer(code, readable(text), {address: reason(*said) for address, said in refused.items()})


def _session() -> _Session:
    return _Session(settings.EMAIL_HOST, settings.EMAIL_PORT or _usual_port(), local_hostname=_our_name())


def _signed_in() -> _Session:
    session = _session()
    try:
        if settings.EMAIL_USE_TLS:
            session.starttls(context=_tls())
        if settings.EMAIL_HOST_USER:
            session.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        session.close()
        raise
    return session


def _bytes(message: EmailMessage) -> bytes:
    # Django's message writes the line ends of SMTP; the stubs know only Python's.
    written: bytes = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    return written


def reason(code: int, text: bytes | str) -> str:
    return f"{code} {readable(text)}"


def readable(text: bytes | str) -> str:
    """Give what the server said in one line. It may say back the password, which it was sent in base64."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    password = settings.EMAIL_HOST_PASSWORD
    return kept_words(" ".join(plain.split())[:_LONGEST_READ], [password] if password else [])[:_LONGEST_KEPT]


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.CA_BUNDLE or None)
    context.sslsocket_class = TimedTLSSocket
    return context


def _our_name() -> str:
    # Not the machine's: asking for it may wait for a name server.
    return urlsplit(settings.RUNBELL_URL).hostname or "localhost"


def _usual_port() -> int:
    return 465 if settings.EMAIL_USE_SSL else 587 if settings.EMAIL_USE_TLS else 25
