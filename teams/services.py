"""Who joins and leaves a team."""

from __future__ import annotations

from django.db import transaction

from common.refusals import refuse
from teams import audit
from teams.models import Membership, Role, Team, User


def set_role(team: Team, username: str, role: str) -> Membership:
    """Let the person join with this role, or change the role they have."""
    user = User.objects.filter(username=username).first()
    if user is None:
        refuse("username", f"There is no person {username!r}. An administrator of this Runbell adds people.")
    with transaction.atomic():
        current = Membership.objects.filter(team=team, user=user).first()
        if current is not None:
            _keep_an_admin(current, role)
        values = {"role": role}
        membership, created = Membership.objects.update_or_create(team=team, user=user, defaults=values)
        before = {"role": current.role} if current else None
        audit.record(
            "member.add" if created else "member.change", f"member {username}", team=team, before=before, after=values
        )
    return membership


def leave(membership: Membership) -> None:
    with transaction.atomic():
        _keep_an_admin(membership, None)
        before = {"role": membership.role}
        audit.record("member.remove", f"member {membership.user.username}", team=membership.team, before=before)
        membership.delete()


def _keep_an_admin(membership: Membership, role: str | None) -> None:
    if membership.role != Role.ADMIN or role == Role.ADMIN:
        return
    others = Membership.objects.filter(team=membership.team, role=Role.ADMIN).exclude(pk=membership.pk)
    if not others.exists():
        refuse("role", f"{membership.user} is the last admin of {membership.team}. Make someone else admin first.")
