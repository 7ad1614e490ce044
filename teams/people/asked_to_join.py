"""Ask somebody to join a team: a colleague by user name joins at once, everybody else by the link of an invitation."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from common.data.validation_errors import quoted, refuse
from teams import memberships
from teams.joining import invitations
from teams.models import Invitation, Membership, Team, User


@dataclass(frozen=True)
class AskedToJoin:
    """Either who is on the team now, or the invitation; its link is empty where it goes out by e-mail."""

    membership: Membership | None = None
    invitation: Invitation | None = None
    link: str = ""


def ask_to_join(team: Team, who: str, role: str, *, by: User) -> AskedToJoin:
    """Take a user name of the organization, an e-mail address, or nothing: then the link is handed over by hand."""
    name = who.strip()
    if not name or (_is_address(name) and not _is_colleague(team, name)):
        invitation, link = invitations.invite(team, role, name, by=by)
        return AskedToJoin(invitation=invitation, link=link)
    if Membership.objects.filter(team=team, user__username=name).exists():
        refuse("who", f"{quoted(name)} is on {team} already. Change the role in the list.")
    try:
        return AskedToJoin(membership=memberships.add_colleague(team, name, role))
    except ValidationError as error:
        refuse("who", " ".join(error.messages))


def _is_address(name: str) -> bool:
    try:
        validate_email(name)
    except ValidationError:
        return False
    return True


def _is_colleague(team: Team, name: str) -> bool:
    """Whether a user name that looks like an address is one of the organization's, whose admins know it anyway."""
    return memberships.colleagues_of(team).filter(username=name).exists()
