"""Invitation e-mail: the link goes to the address that was invited, where the installation can send e-mail."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from teams.joining.invitations import digest_of, link_of, new_token, open_invitations
from teams.models import Invitation

logger = logging.getLogger(__name__)

_AGAIN_AFTER = timedelta(minutes=5)
# Whom nobody could write to in a day is better invited anew.
_LONGEST = timedelta(days=1)
_one_at_a_time = threading.Lock()


def send_invitations_soon() -> None:
    """Send what waits in a thread of its own: a mail server that hangs holds nobody up. For the sweep."""
    if settings.EMAIL_HOST and _waiting(timezone.now()).exists() and not _one_at_a_time.locked():
        threading.Thread(target=_send_in_thread, name="invitation-mail", daemon=True).start()


def send_invitations() -> int:
    """Send each invitation that waits; give how many went out.

    At least once, and with a token of its own each time, for only its hash is kept: the newest link is the good one.
    """
    sent = 0
    for invitation in _waiting(timezone.now())[:50]:
        token = new_token()
        if _taken(invitation, token) and _sent(invitation, token):
            Invitation.objects.filter(pk=invitation.pk).update(emailed_at=timezone.now())
            sent += 1
    return sent


def _send_in_thread() -> None:
    with _one_at_a_time:
        try:
            send_invitations()
        finally:
            connection.close()


def _waiting(now: datetime) -> QuerySet[Invitation]:
    # One with a token and without a try is handed over by its maker.
    untried = Q(digest__isnull=True) | Q(email_tried_at__lt=now - _AGAIN_AFTER)
    rows = open_invitations().filter(untried, emailed_at__isnull=True, created_at__gt=now - _LONGEST)
    return rows.exclude(email="").order_by("pk")


def _taken(invitation: Invitation, token: str) -> bool:
    same = Invitation.objects.filter(pk=invitation.pk, email_tried_at=invitation.email_tried_at, accepted_at=None)
    return bool(same.update(email_tried_at=timezone.now(), digest=digest_of(token)))


def _sent(invitation: Invitation, token: str) -> bool:
    subject = _("Runbell: you are invited to the team %(team)s") % {"team": invitation.team.name}
    body = _(
        "%(who)s invites you to the team %(team)s on Runbell, with the role %(role)s.\n\n%(link)s\n\n"
        "The link is good once, until %(until)s UTC. Whoever has it can use it: do not pass it on."
    ) % {
        "who": invitation.made_by, "team": invitation.team.name, "role": invitation.get_role_display().lower(),
        "link": link_of(token), "until": f"{invitation.expires_at:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    try:
        return bool(EmailMessage(subject, body, to=[invitation.email]).send())
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a password it cannot write is a ValueError
        logger.warning("invitation %s could not be sent by e-mail: %s", invitation.pk, type(error).__name__)
        return False
