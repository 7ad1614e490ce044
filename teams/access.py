"""Who may see and change what. Every queryset of every door starts here.

What a person cannot see does not exist for them (404); what they see and may not change is refused (403).
"""

from __future__ import annotations

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from teams import origin
from teams.models import ApiKey, Membership, Role, Team, User

AnyModel = TypeVar("AnyModel", bound=Model)
Visitor = User | AnonymousUser

_RANK = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2}


def teams_of(user: Visitor) -> QuerySet[Team]:
    """The teams this person belongs to. An organization's admins and superusers belong to those they joined."""
    if not user.is_authenticated or not user.is_active:
        return Team.objects.none()
    return Team.objects.filter(memberships__user=user).order_by("name")


def memberships_of(user: Visitor) -> QuerySet[Membership]:
    """What the person is in each of their teams, by organization and name."""
    rows = Membership.objects.filter(user_id=user.pk or 0, user__is_active=True).select_related("team__organization")
    return rows.order_by("team__organization__name", "team__name")


def administered_by(user: Visitor) -> QuerySet[Team]:
    if not user.is_authenticated or not user.is_active:
        return Team.objects.none()
    return Team.objects.filter(memberships__user=user, memberships__role=Role.ADMIN).order_by("name")


def in_teams_of(user: Visitor, rows: QuerySet[AnyModel], path: str = "team") -> QuerySet[AnyModel]:
    """Those of the rows whose team this person belongs to; `path` leads from the row to its team."""
    return rows.filter(**{f"{path}__in": teams_of(user)})


def where_may(user: Visitor, rows: QuerySet[AnyModel], least: Role, path: str = "team") -> QuerySet[AnyModel]:
    """Those of the rows in whose team this person has the role; joined, for where a row is asked for very often."""
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    roles = [role for role, rank in _RANK.items() if rank >= _RANK[least]]
    return rows.filter(**{f"{path}__memberships__user": user, f"{path}__memberships__role__in": roles})


def role_in(user: Visitor, team: Team) -> Role | None:
    if not user.is_authenticated or not user.is_active:
        return None
    role = Membership.objects.filter(user=user, team=team).values_list("role", flat=True).first()
    return Role(role) if role else None


def may(user: Visitor, team: Team, least: Role) -> bool:
    role = role_in(user, team)
    return role is not None and _RANK[role] >= _RANK[least]


def require(user: Visitor, team: Team, least: Role) -> None:
    """Refuse a stranger with 404 and a team mate whose role is too low with 403 and the role it takes."""
    role = role_in(user, team)
    if role is None or _RANK[role] < _RANK[least]:
        origin.note_denial(team)
    if role is None:
        raise Http404(_("There is no team %(name)s here, or you are not on it.") % {"name": repr(team.name)})
    if _RANK[role] < _RANK[least]:
        raise PermissionDenied(
            _("This takes the role %(least)s in the team %(team)s; yours is %(role)s. Ask one of its admins.")
            % {"least": least.value, "team": team.name, "role": role.value}
        )


def own_key(user: User, pk: int) -> ApiKey:
    """Give one of the person's own keys; that of somebody else does not exist for them."""
    key = ApiKey.objects.filter(user=user, pk=pk).first()
    if key is None:
        if ApiKey.objects.filter(pk=pk).exists():
            origin.note_denial()
        raise Http404(_("There is no API key %(pk)s of yours.") % {"pk": pk})
    return key


def note_hidden(rows: QuerySet[AnyModel], path: str = "team") -> None:
    """Call it before saying 404: where the row is there and only not this person's, that is a denied access."""
    owners = list(rows.order_by("pk").values_list(path, flat=True)[:1])
    if owners:
        origin.note_denial(Team.objects.filter(pk=owners[0]).first())


def team_named(user: Visitor, name: str, least: Role = Role.VIEWER) -> Team:
    """Give the team, or refuse as `require` does."""
    team = Team.objects.select_related("organization").filter(name=name).first()
    if team is None:
        raise Http404(_("There is no team %(name)s here, or you are not on it.") % {"name": repr(name)})
    require(user, team, least)
    return team
