"""The link by which people confirm their e-mail address: mailed to it, signed, good for a day, for them alone."""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _

from common.own_addresses import absolute
from teams.email_addresses.confirmed import confirm_address
from teams.models import User

logger = logging.getLogger(__name__)

GOOD_FOR = timedelta(hours=24)
# Whoever asks chooses where these go.
MOST_A_DAY = 5
_A_DAY = 24 * 60 * 60
_SALT = "teams.email_addresses.confirmation_link"


def send_link(user: User) -> None:
    """Mail the link to the address of the person. Raises ValidationError, which says what to do instead."""
    if not settings.EMAIL_HOST:
        raise ValidationError(_("This Runbell sends no e-mail. A superuser can confirm your address at /admin/."))
    if not user.email:
        raise ValidationError(_("You have no e-mail address. Type one into your profile, and save it."))
    _count(user)
    subject = _("Runbell: confirm your e-mail address")
    body = _(
        "%(who)s has this address in their profile on Runbell. If that is you, open this link while you are signed "
        "in:\n\n%(link)s\n\nIt is good for 24 hours. If it is not you, do nothing: the address is not used."
    ) % {"who": user.username, "link": link_of(user)}
    try:
        EmailMessage(subject, body, to=[user.email]).send()
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a password it cannot write is a ValueError
        logger.warning("the link that confirms an address could not be sent: %s", type(error).__name__)
        raise ValidationError(_("The e-mail could not be sent. Try again later, or ask a superuser.")) from None


def link_of(user: User) -> str:
    # In the query: the audit log and most logs of proxies keep the path.
    token = signing.dumps([user.pk, user.email], salt=_SALT)
    return absolute(f"{reverse('confirm_email')}?{urlencode({'token': token})}")


def address_in(token: str, user: User) -> str:
    """Give the address that a link confirms. Raises ValidationError where it is not good, or is another person's."""
    try:
        pk, address = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        raise ValidationError(_("This link is not good, or its 24 hours are over. Have another sent.")) from None
    if pk != user.pk:
        raise ValidationError(_("This link is for another account than the one you are signed in with."))
    if address != user.email:
        raise ValidationError(_("You have another address by now than the one this link was sent to."))
    return str(address)


def confirm_by(token: str, user: User) -> None:
    """Let the address of the link count as the person's. Raises ValidationError as `address_in` does."""
    if not confirm_address(user, address_in(token, user), "mailed link"):
        raise ValidationError(_("You have another address by now than the one this link was sent to."))


def _count(user: User) -> None:
    key = f"teams.confirmation_link.{user.pk}"
    cache.add(key, 0, _A_DAY)
    try:
        asked = cache.incr(key)
    except ValueError:  # its day ended at this moment
        asked = 1
    if asked > MOST_A_DAY:
        raise ValidationError(
            _("%(most)s links were sent within a day. Wait until tomorrow, or ask a superuser.") % {"most": MOST_A_DAY}
        )
