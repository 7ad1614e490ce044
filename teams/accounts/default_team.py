"""The default team of a person: the one that is meant where a script names no entity."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from common.data.validation_errors import quoted, refuse
from teams import access
from teams.audit import audit_log
from teams.models import Membership, Role, Team, User


def default_team(user: User) -> Team | None:
    """Give the team that the person chose, while they are on it.

    Else the one they have been on for longest among those where they may log; else among those where they may look.
    A team that is joined comes last in this order, so joining moves nothing.
    """
    first = _by_preference(user).first()
    return first.team if first else None


def choose_default_team(user: User, name: str) -> Team:
    """Let the person's scripts that name no entity use this team, one of their own; any other is refused alike."""
    team = access.teams_of(user).select_related("organization").filter(name=name).first()
    if team is None:
        refuse("default_team", f"There is no team {quoted(name)} here, or you are not on it. Choose one of yours.")
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        before = audit_log.columns(locked, "default_team")
        User.objects.filter(pk=user.pk).update(default_team=team)
        after = {"default_team": team.name}
        audit_log.record("user.change", f"user {user}", team=None, person=user, before=before, after=after)
    return team


def keep_default_team(user: User) -> None:
    """Write down what is meant today where the person never chose: what they join or leave later does not move it."""
    current = default_team(User.objects.get(pk=user.pk))
    if current is not None:
        User.objects.filter(pk=user.pk).exclude(default_team=current).update(default_team=current)


def _by_preference(user: User) -> QuerySet[Membership]:
    may_log = When(role__in=(Role.MEMBER, Role.ADMIN), then=Value(1))
    order = Case(When(team=F("user__default_team"), then=Value(0)), may_log, default=Value(2))
    rows = Membership.objects.filter(user_id=user.pk or 0, user__is_active=True, team__deletion=None)
    return rows.select_related("team__organization").order_by(order, "pk")
