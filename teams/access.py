"""Authorization: who may see and change what, by role. Every queryset of every door starts here.

What a person cannot see does not exist for them (404); what they see and may not change is refused (403).
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils.translation import gettext as _

from common.archived_rows import WithinTeam, not_inside_archived, refuse_archived
from common.hidden_rows import not_inside_hidden
from teams.audit import actor
from teams.models import ApiKey, Membership, Organization, Role, Team, User
from teams.names import former_names

AnyModel = TypeVar("AnyModel", bound=Model)
Visitor = User | AnonymousUser

_RANK = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2}


def reached_by_key(user: Visitor, rows: QuerySet[AnyModel], path: str = "pk") -> QuerySet[AnyModel]:
    """Those of the rows whose team the key that the request showed leads to; `path` leads from the row to its team."""
    key = getattr(user, "shown_key", None)
    if key is None:
        return rows
    if key.team_id is not None:
        rows = rows.filter(**{path: key.team_id})
    return rows.exclude(**{f"{path}__in": key.closed_to}) if key.closed_to else rows


def is_reached_by_key(user: User, team: int) -> bool:
    """Whether the key that the request showed leads to this team; as `reached_by_key`, of a row that was found."""
    key = user.shown_key
    return key is None or (key.team_id in (None, team) and team not in key.closed_to)


def is_instance_admin(user: Visitor) -> bool:
    """Whether they administer all of Runbell: a superuser, in a browser or with a key that reaches everything."""
    if not isinstance(user, User) or not user.is_active or not user.is_superuser:
        return False
    key = user.shown_key
    return key is None or (key.team_id is None and not key.closed_to)


def require_instance_admin(user: Visitor) -> None:
    """Refuse everybody else with 403."""
    if not is_instance_admin(user):
        actor.note_denial()
        raise PermissionDenied(_("This takes a superuser of this Runbell, with a key that reaches all teams."))


def teams_of(user: Visitor) -> QuerySet[Team]:
    """The teams this person belongs to. An organization's admins and superusers belong to those they joined."""
    if not user.is_authenticated or not user.is_active:
        return Team.objects.none()
    return reached_by_key(user, Team.objects.filter(memberships__user=user)).order_by("name")


def memberships_of(user: Visitor) -> QuerySet[Membership]:
    """What the person is in each of their teams, by organization and name."""
    mine = Membership.objects.filter(user_id=user.pk or 0, user__is_active=True, team__deletion=None)
    rows = mine.select_related("team__organization")
    return reached_by_key(user, rows, "team").order_by("team__organization__name", "team__name")


def administered_by(user: Visitor) -> QuerySet[Team]:
    """Give the teams whose settings this person changes: of those that are archived nobody does."""
    if not user.is_authenticated or not user.is_active:
        return Team.objects.none()
    rows = Team.objects.filter(memberships__user=user, memberships__role=Role.ADMIN, archived_at=None)
    return reached_by_key(user, rows).order_by("name")


def in_teams_of(user: Visitor, rows: QuerySet[AnyModel], path: str = "team") -> QuerySet[AnyModel]:
    """Those of the rows whose team this person belongs to; `path` leads from the row to its team."""
    return not_inside_hidden(rows, path).filter(**{f"{path}__in": teams_of(user)})


def where_may(user: Visitor, rows: QuerySet[AnyModel], least: Role, path: str = "team") -> QuerySet[AnyModel]:
    """Those of the rows in whose team this person has the role; joined, for where a row is asked for very often."""
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    return reached_by_key(user, where_has_role(user.pk, rows, least, path), path)


def where_has_role(person: int, rows: QuerySet[AnyModel], least: Role, path: str) -> QuerySet[AnyModel]:
    """Those in whose team the person has the role; whether their key leads there is to be asked besides."""
    roles = [role for role, rank in _RANK.items() if rank >= _RANK[least]]
    mine = rows.filter(**{f"{path}__memberships__user": person, f"{path}__memberships__role__in": roles})
    if least != Role.VIEWER:
        mine = not_inside_archived(mine, path)
    return not_inside_hidden(mine, path).filter(**{f"{path}__deletion": None})


def people_of(organization: Organization) -> QuerySet[User]:
    """Give the people of an organization: who is on a team of it, service accounts too, and its admins.

    Its teams may add these without asking them, and their names are told within it alone.
    """
    return people_of_all(Organization.objects.filter(pk=organization.pk))


def people_of_all(organizations: QuerySet[Organization]) -> QuerySet[User]:
    """Give the people of any of these organizations, as `people_of` does."""
    named = organizations.order_by().values("pk")
    on_a_team = Membership.objects.filter(team__organization__in=named).values("user")
    admins = Organization.admins.through.objects.filter(organization__in=named).values("user")
    return User.objects.filter(Q(pk__in=on_a_team) | Q(pk__in=admins), is_active=True)


def role_in(user: Visitor, team: Team) -> Role | None:
    if not user.is_authenticated or not user.is_active:
        return None
    rows = reached_by_key(user, Membership.objects.filter(user=user, team=team, team__deletion=None), "team")
    role = rows.values_list("role", flat=True).first()
    return Role(role) if role else None


def may(user: Visitor, team: Team, least: Role) -> bool:
    role = role_in(user, team)
    is_open = least == Role.VIEWER or team.archived_at is None
    return role is not None and _RANK[role] >= _RANK[least] and is_open


def may_within(user: Visitor, place: WithinTeam, least: Role) -> bool:
    """As `may`, of something of a team that can be archived by itself, such as a project."""
    return may(user, place.team, least) and (least == Role.VIEWER or place.archived_at is None)


def require(user: Visitor, team: Team, least: Role) -> None:
    """Refuse a stranger with 404 and a team mate whose role is too low with 403 and the role it takes."""
    _require_role(team, role_in(user, team), least)


def require_role(user: Visitor, team: Team, least: Role) -> None:
    """As `require`, also where the team is archived: for what brings things back."""
    _require_role(team, role_in(user, team), least, though_archived=True)


def require_within(user: Visitor, place: WithinTeam, least: Role) -> None:
    """As `require`, of something of a team that can be archived by itself, such as a project."""
    require(user, place.team, least)
    if least != Role.VIEWER:
        refuse_archived(place)


def administered_though_archived(user: User, name: str) -> Team:
    """Give the team to who may archive it and bring it back: its admins, and those of its organization."""
    team = team_named(user, name) if not _administers_organization_of(user, name) else _named(name)
    if role_in(user, team) != Role.ADMIN and not _administers_organization_of(user, team.name):
        actor.note_denial(team)
        raise PermissionDenied(_("This takes an admin of the team %(team)s. Ask one of them.") % {"team": team.name})
    former_names.led(former_names.TEAM, name, team.name)
    return team


def _named(name: str) -> Team:
    rows = Team.objects.select_related("organization")
    found = former_names.by_name(rows, former_names.TEAM, name).first()
    if found is None:
        raise _no_team(name)
    return found


def _administers_organization_of(user: User, name: str) -> bool:
    key = user.shown_key
    if key is not None and (key.team_id is not None or key.closed_to):
        return False
    rows = Team.objects.filter(organization__admins=user, organization__deletion=None)
    return former_names.by_name(rows, former_names.TEAM, name).exists()


def own_key(user: User, pk: int) -> ApiKey:
    """Give one of the person's own keys; that of somebody else does not exist for them."""
    key = ApiKey.objects.filter(user=user, pk=pk).first()
    if key is None:
        if ApiKey.objects.filter(pk=pk).exists():
            actor.note_denial()
        raise Http404(_("There is no API key %(pk)s of yours.") % {"pk": pk})
    return key


def own_membership(user: User, name: str) -> Membership:
    """Give what the person is in the team of this name; refuses as `team_named` does."""
    return Membership.objects.select_related("team__organization", "user").get(team=team_named(user, name), user=user)


def note_hidden(rows: QuerySet[AnyModel], path: str = "team") -> None:
    """Call it before saying 404: where the row is there and only not this person's, that is a denied access."""
    # One statement whether it is there or not: their number shall not tell.
    owner = Team.objects.filter(pk__in=rows.order_by("pk").values(path)[:1]).first()
    if owner is not None:
        actor.note_denial(owner)


def team_named(user: Visitor, name: str, least: Role = Role.VIEWER) -> Team:
    """Give the team, or refuse as `require` does."""
    # With the role in one statement, as many as for a team that is not there.
    own = Membership.objects.filter(team=OuterRef("pk"), user=user.pk or 0, user__is_active=True)
    own = reached_by_key(user, own, "team")
    rows: QuerySet[Any] = Team.objects.select_related("organization").annotate(
        own_role=Subquery(own.values("role")[:1])
    )
    team: Any = former_names.by_name(rows, former_names.TEAM, name).first()
    if team is None:
        raise _no_team(name)
    _require_role(team, Role(team.own_role) if team.own_role else None, least, name)
    former_names.led(former_names.TEAM, name, team.name)
    found: Team = team  # annotated, which the stubs would have said everywhere
    return found


def _require_role(
    team: Team, role: Role | None, least: Role, asked: str = "", *, though_archived: bool = False
) -> None:
    if role is None or _RANK[role] < _RANK[least]:
        actor.note_denial(team)
    if role is None:
        # As it was asked for: what it is called today is not for strangers.
        raise _no_team(asked or team.name)
    if _RANK[role] < _RANK[least]:
        raise PermissionDenied(
            _("This takes the role %(least)s in the team %(team)s; yours is %(role)s. Ask one of its admins.")
            % {"least": least.value, "team": team.name, "role": role.value}
        )
    if least != Role.VIEWER and not though_archived:
        refuse_archived(team)


def _no_team(name: str) -> Http404:
    return Http404(_("There is no team %(name)s here, or you are not on it.") % {"name": repr(name)})
