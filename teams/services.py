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
        _one_at_a_time(team)
        current = Membership.objects.filter(team=team, user=user).first()
        if current is not None:
            _keep_an_admin(current, role)
        values = {"role": role}
        membership, created = Membership.objects.update_or_create(team=team, user=user, defaults=values)
        before = {"role": current.role} if current else None
        verb = "member.add" if created else "member.change"
        audit.record(verb, f"member {username}", team=team, person=user, before=before, after=values)
    return membership


def leave(membership: Membership) -> None:
    """Let the person go; a repeat changes nothing."""
    user, team = membership.user, membership.team
    with transaction.atomic():
        _one_at_a_time(team)
        current = Membership.objects.filter(pk=membership.pk).first()
        if current is None:
            return
        _keep_an_admin(current, None)
        before = {"role": current.role}
        audit.record("member.remove", f"member {user.username}", team=team, person=user, before=before)
        current.delete()


def _one_at_a_time(team: Team) -> None:
    """Hold the team until the transaction ends: of two admins who leave at once, the second is the last."""
    # Without its key: whoever adds rows of the team need not wait.
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _keep_an_admin(membership: Membership, role: str | None) -> None:
    if membership.role != Role.ADMIN or role == Role.ADMIN:
        return
    # Who is switched off administers nothing.
    admins = Membership.objects.filter(team=membership.team, role=Role.ADMIN, user__is_active=True)
    if not admins.exclude(pk=membership.pk).exists():
        refuse("role", f"{membership.user} is the last admin of {membership.team}. Make someone else admin first.")
