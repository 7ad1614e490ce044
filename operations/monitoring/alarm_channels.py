"""Where the operator's alarms go: e-mail, Slack, any webhook. What is set is used, each by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from operations.models import Alarm
from outbound.addresses import Policy, Refused
from outbound.client import Client, Request, Unreachable
from outbound.reserved_ranges import Address
from outbound.web_provider import client_under


class AlarmNotSent(Exception):
    """The channel did not take it; the message says why, and holds no address."""


def chosen() -> list[str]:
    """Give the channels that the operator has set up."""
    there = {"mail": settings.ALARM_MAIL, "slack": settings.ALARM_SLACK_URL, "webhook": settings.ALARM_WEBHOOK_URL}
    return [name for name, where in there.items() if where]


def send(channel: str, alarm: Alarm) -> None:
    """Say what there is to say of the alarm. Raises AlarmNotSent."""
    _SENDERS[channel](alarm)


def _mail(alarm: Alarm) -> None:
    subject = f"Runbell: {_headline(alarm)}"[:150]
    body = f"{_headline(alarm)}\n\n{settings.RUNBELL_URL}\n"
    try:
        EmailMessage(" ".join(subject.split()), body, to=list(settings.ALARM_MAIL)).send()
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
        raise AlarmNotSent(type(error).__name__) from None


def _slack(alarm: Alarm) -> None:
    # Slack reads these three as its own marks.
    text = _headline(alarm).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    _post(settings.ALARM_SLACK_URL, {"text": f"Runbell {settings.RUNBELL_URL}: {text}"})


def _webhook(alarm: Alarm) -> None:
    _post(
        settings.ALARM_WEBHOOK_URL,
        {
            "alarm": alarm.key,
            "state": "settled" if alarm.settled_at else "firing",
            "text": alarm.text,
            "raised_at": alarm.raised_at.isoformat(),
            "settled_at": alarm.settled_at.isoformat() if alarm.settled_at else None,
            "url": settings.RUNBELL_URL,
        },
    )


_SENDERS: dict[str, Callable[[Alarm], None]] = {"mail": _mail, "slack": _slack, "webhook": _webhook}


def _headline(alarm: Alarm) -> str:
    return _("Settled: %(text)s") % {"text": alarm.text} if alarm.settled_at else alarm.text


def _post(url: str, said: object) -> None:
    body = json.dumps(said).encode()
    request = Request("POST", url, {"Content-Type": "application/json"}, body)
    try:
        reply = _client().send(request, deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS)
    except (Refused, Unreachable) as error:
        raise AlarmNotSent(str(error)) from None
    if not 200 <= reply.status < 300:
        raise AlarmNotSent(f"The receiver answered {reply.status}")


class _Operators(Policy):
    """Any address: the operator chose it, and nobody else can."""

    def permits(self, address: Address) -> bool:
        return True

    def opens(self, address: Address) -> bool:
        return True

    def opens_names(self) -> bool:
        return True


@cache
def _client() -> Client:
    """Made at first use, so after the fork."""
    return client_under(_Operators())
