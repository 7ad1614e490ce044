"""Team membership: who joins and leaves a team, in which role; the last admin stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from common.data.validation_errors import quoted, refuse
from teams import access
from teams.accounts.default_team import keep_default_team
from teams.audit import audit_log
from teams.models import Membership, Role, Team, User
from teams.notices import membership_changes


def add_colleague(team: Team, username: str, role: str) -> Membership:
    """Let one of the organization's people join with this role, or change the role they have.

    Everybody else joins by consent (`teams.joining.invitations`): whether there is such a person is not told.
    """
    user = colleagues_of(team).filter(username=username).first()
    if user is None:
        refuse(
            "username",
            f"There is no {quoted(username)} in the organization {team.organization}. Invite people from elsewhere.",
        )
    return give_role(team, user, role)


def colleagues_of(team: Team) -> QuerySet[User]:
    """Give whom the team's admins may put on it without asking: the organization's people, and who is on it."""
    known = Q(pk__in=access.people_of(team.organization).values("pk")) | Q(memberships__team=team)
    return User.objects.filter(known).distinct()


def set_role(team: Team, username: str, role: str) -> Membership:
    """Let anybody join with this role, or change the role they have. For the operator; admins `add_colleague`."""
    user = User.objects.filter(username=username).first()
    if user is None:
        refuse("username", f"There is no person {username!r}. An administrator of this Runbell adds people.")
    return give_role(team, user, role)


def give_role(team: Team, user: User, role: str, *, by: User | None = None, **told: Any) -> Membership:
    """Let the person join with this role, or change the role they have; `told` stands in the audit log beside it.

    From now on they are on the team by hand: no group of an identity provider takes that back.
    """
    with transaction.atomic():
        one_at_a_time(team)
        current = Membership.objects.filter(team=team, user=user).first()
        if current is not None:
            _keep_an_admin(current, role)
        return _stored(team, user, role, current, source="", by=by, **told)


def give_role_by_group(team: Team, user: User, role: str, source: str) -> None:
    """Let the person be on the team as a group of the identity provider says; who is by hand stays as they are.

    Also the last admin's role is lowered: the provider says who is no longer to be one, and staying would be the
    greater harm. A superuser makes another at /admin/.
    """
    with transaction.atomic():
        one_at_a_time(team)
        current = Membership.objects.filter(team=team, user=user).first()
        if current is None or (current.source == source and current.role != role):
            _stored(team, user, role, current, source=source)


def take_back_by_group(membership: Membership) -> None:
    """Let the person go whose group is gone, also the last admin, as `give_role_by_group` says."""
    with transaction.atomic():
        one_at_a_time(membership.team)
        current = Membership.objects.filter(pk=membership.pk, source=membership.source).first()
        if current is not None:
            _removed(current)


def take_out(membership: Membership) -> None:
    """Let the person go who is deleted, also the last admin: a superuser makes another at /admin/."""
    with transaction.atomic():
        one_at_a_time(membership.team)
        current = Membership.objects.filter(pk=membership.pk).first()
        if current is not None:
            _removed(current)


def leave(membership: Membership) -> None:
    """Let the person go; a repeat changes nothing."""
    with transaction.atomic():
        one_at_a_time(membership.team)
        current = Membership.objects.filter(pk=membership.pk).first()
        if current is not None:
            _keep_an_admin(current, None)
            _removed(current)


def one_at_a_time(team: Team) -> None:
    """Hold the team until the transaction ends: of two admins who leave at once, the second is the last."""
    # Without its key: whoever adds rows of the team need not wait.
    Team.all_rows.select_for_update(no_key=True).get(pk=team.pk)


def _stored(
    team: Team,
    user: User,
    role: str,
    current: Membership | None,
    *,
    source: str,
    by: User | None = None,
    **told: Any,
) -> Membership:
    if current is None:
        keep_default_team(user)
    values = {"role": role, "source": source}
    membership, created = Membership.objects.update_or_create(team=team, user=user, defaults=values)
    if created:
        keep_default_team(user)
    before = {"role": current.role, **({"source": current.source} if current.source else {})} if current else None
    # Where it is by hand, as nearly everywhere, nothing is said of it.
    by_group = {"source": source} if source or (current and current.source) else {}
    after = {"role": role, **by_group, **told}
    verb = "member.add" if created else "member.change"
    audit_log.record(verb, f"member {user.username}", team=team, by=by, person=user, before=before, after=after)
    membership_changes.changed(user, team)
    return membership


def _removed(membership: Membership) -> None:
    user, team = membership.user, membership.team
    before = {"role": membership.role, **({"source": membership.source} if membership.source else {})}
    audit_log.record("member.remove", f"member {user.username}", team=team, person=user, before=before)
    membership.delete()
    User.objects.filter(pk=user.pk, default_team=team).update(default_team=None)
    keep_default_team(user)
    membership_changes.changed(user, team)


def _keep_an_admin(membership: Membership, role: str | None) -> None:
    if membership.role != Role.ADMIN or role == Role.ADMIN:
        return
    # Who is switched off administers nothing.
    admins = Membership.objects.filter(team=membership.team, role=Role.ADMIN, user__is_active=True)
    if not admins.exclude(pk=membership.pk).exists():
        refuse("role", f"{membership.user} is the last admin of {membership.team}. Make someone else admin first.")
