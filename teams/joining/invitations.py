"""Invitations: a link by which a person joins a team, good once and for seven days, and only for who holds it.

Where an address is given and mail is set up, the link goes there (`teams.joining.invitation_mail`), and nobody else
sees it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.data.validation_errors import refuse
from common.own_addresses import absolute
from teams import memberships
from teams.audit import audit_log
from teams.email_addresses.confirmed import confirm_address
from teams.models import Invitation, Membership, Role, Team, User

_GOOD_FOR = timedelta(days=7)
# A form says which user names are taken. Who holds a link may ask so often, and then the link is over.
MOST_TAKEN_NAMES = 5
_TOLD = ("role", "email", "expires_at")


def invite(team: Team, role: str, email: str = "", *, by: User) -> tuple[Invitation, str]:
    """Give the invitation, and its link where it is not mailed: nobody can see that again."""
    token = "" if email and settings.EMAIL_HOST else new_token()
    invitation = Invitation(
        team=team, role=role, email=email, digest=digest_of(token) if token else None, made_by=by,
        expires_at=timezone.now() + _GOOD_FOR,
    )  # fmt: skip
    invitation.full_clean(validate_unique=False)
    with transaction.atomic():
        memberships.one_at_a_time(team)
        _refuse_too_many(team)
        invitation.save()
        after = audit_log.columns(invitation, *_TOLD)
        audit_log.record("invitation.create", _named(invitation), team=team, after=after)
    return invitation, link_of(token) if token else ""


def revoke(invitation: Invitation) -> None:
    """Let its link open nothing from now on; where it is used or revoked already, nothing changes."""
    with transaction.atomic():
        same = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
        if same.update(revoked_at=timezone.now()):
            before = audit_log.columns(invitation, *_TOLD)
            audit_log.record("invitation.revoke", _named(invitation), team=invitation.team, before=before)


def renew(invitation: Invitation) -> str:
    """Give a new link in place of the old one, which opens nothing any more, good for seven days from now.

    Who made the invitation answers for it on; where the old link went by e-mail, the new one is handed over, so it
    shows no mailbox to be theirs.
    """
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        anew = {"digest": digest_of(token), "expires_at": now + _GOOD_FOR, "emailed_at": None, "email_tried_at": None}
        before = audit_log.columns(invitation, *_TOLD)
        if not open_invitations().filter(pk=invitation.pk).order_by().update(**anew):
            raise _not_good()
        invitation.refresh_from_db()
        after = audit_log.columns(invitation, *_TOLD)
        audit_log.record("invitation.renew", _named(invitation), team=invitation.team, before=before, after=after)
    return link_of(token)


def open_invitations() -> QuerySet[Invitation]:
    """Give those whose links are good, the newest first: neither used nor revoked nor over.

    Of who administers the team no longer none is good: else they could come back by one they kept.
    """
    maker = Membership.objects.filter(
        team=OuterRef("team"), user=OuterRef("made_by"), role=Role.ADMIN, user__is_active=True
    )
    rows = Invitation.objects.filter(Exists(maker), accepted_at__isnull=True, revoked_at__isnull=True)
    rows = rows.filter(expires_at__gt=timezone.now(), taken_names__lt=MOST_TAKEN_NAMES)
    return rows.select_related("team__organization", "made_by").order_by("-pk")


def invitation_at(token: str) -> Invitation:
    """Give the invitation of a link; 404 in the same words for every link that is not good, whyever."""
    found = open_invitations().filter(digest=digest_of(token)).first()
    if found is None:
        raise _not_good()
    return found


def accept(token: str, user: User) -> Membership:
    """Let the person join by the link, once. Who is on the team already stays as they are, and so does the link."""
    with transaction.atomic():
        found = invitation_at(token)
        memberships.one_at_a_time(found.team)
        current = Membership.objects.filter(team=found.team, user=user).first()
        if current is not None:
            return current
        taken = open_invitations().filter(pk=found.pk).order_by()
        if not taken.update(accepted_at=timezone.now(), accepted_by=user):
            raise _not_good()
        if found.emailed_at:
            # The link went there and nowhere else: whoever has it reads that mailbox.
            confirm_address(user, found.email, "mailed invitation")
        return memberships.give_role(found.team, user, found.role, by=user, invited_by=str(found.made_by))


def count_taken_name(invitation: Invitation) -> None:
    """Count that the holder of the link was told of a user name that somebody has it."""
    Invitation.objects.filter(pk=invitation.pk).update(taken_names=F("taken_names") + 1)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    # Plain SHA-256 suffices: a token is 256 random bits, so there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> str:
    # In the query: the audit log and most logs of proxies keep the path.
    return absolute(f"{reverse('invitation')}?{urlencode({'token': token})}")


def _refuse_too_many(team: Team) -> None:
    lately = Invitation.objects.filter(team=team, created_at__gt=timezone.now() - timedelta(days=1)).count()
    if lately >= settings.INVITATIONS_A_DAY:
        refuse(
            "team",
            f"{team} made {lately} invitations within a day. Wait until tomorrow, or have the operator raise "
            "RUNBELL_INVITATIONS_A_DAY.",
        )


def _named(invitation: Invitation) -> str:
    return f"invitation of {invitation.email or 'whoever has the link'}"


def _not_good() -> Http404:
    return Http404(
        _("This invitation is not good: it is used, taken back or over, or it never was. Ask for a new one.")
    )
