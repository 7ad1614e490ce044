"""Notice e-mail to the admins of a team, where the installation can send e-mail."""

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

from common.own_addresses import absolute
from teams.email_addresses.confirmed import confirmed
from teams.models import Membership, Notice, Role

logger = logging.getLogger(__name__)

_AGAIN_AFTER = timedelta(minutes=5)
# What nobody could be told in a day is no news.
_LONGEST = timedelta(days=1)
_one_at_a_time = threading.Lock()


def send_notices_soon() -> None:
    """Send what waits in a thread of its own: a mail server that hangs holds nobody up. For the sweep."""
    if settings.EMAIL_HOST and _waiting(timezone.now()).exists() and not _one_at_a_time.locked():
        threading.Thread(target=_send_in_thread, name="notice-mail", daemon=True).start()


def send_notices() -> int:
    """Send each notice that waits to the admins of its team; give how many went out.

    At least once: who dies between sending and noting it sends again. A notice of another process is left to it.
    """
    sent = 0
    for notice in _waiting(timezone.now()).select_related("team")[:50]:
        if _taken(notice) and _sent(notice):
            Notice.objects.filter(pk=notice.pk).update(emailed_at=timezone.now())
            sent += 1
    return sent


def _send_in_thread() -> None:
    with _one_at_a_time:
        try:
            send_notices()
        finally:
            connection.close()


def _waiting(now: datetime) -> QuerySet[Notice]:
    untried = Q(email_tried_at__isnull=True) | Q(email_tried_at__lt=now - _AGAIN_AFTER)
    return Notice.objects.filter(
        untried, emailed_at__isnull=True, settled_at__isnull=True, created_at__gt=now - _LONGEST
    ).order_by("id")


def _taken(notice: Notice) -> bool:
    same = Notice.objects.filter(pk=notice.pk, email_tried_at=notice.email_tried_at)
    return bool(same.update(email_tried_at=timezone.now()))


def _sent(notice: Notice) -> bool:
    admins = Membership.objects.filter(team=notice.team, role=Role.ADMIN, user__is_active=True)
    addresses = list(admins.filter(confirmed("user__")).values_list("user__email", flat=True))
    if not addresses:
        return False
    link = absolute(notice.url) if notice.url.startswith("/") else notice.url
    subject = _("Runbell, team %(team)s: %(text)s") % {"team": notice.team.name, "text": notice.text[:80]}
    body = "\n\n".join(part for part in (notice.text, link) if part)
    try:
        # Its own line breaks would end the subject, and Django refuses them.
        return bool(EmailMessage(" ".join(subject.split()), body, to=addresses).send())
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a password it cannot write is a ValueError
        logger.warning("notice %s could not be sent by e-mail: %s", notice.pk, type(error).__name__)
        return False
