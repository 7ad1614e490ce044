"""Entities of W&B: a team, or an organization as the owner of its registries."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404

from registries.access import organizations_of
from teams.access import Visitor, may, team_named, teams_of
from teams.accounts.default_team import default_team
from teams.models import Organization, Role, Team, User
from teams.names import former_names
from wandb_api.graphql.global_ids import global_id

# No team can be called so, as names of teams have no dot. An organization may have the name of one of its teams.
_ORGANIZATION = "org."


@dataclass(frozen=True)
class Entity:
    """A team, or an organization where there is no team."""

    organization: Organization
    team: Team | None = None

    @property
    def id(self) -> str:
        return global_id("Entity", self.team.pk) if self.team else global_id("OrganizationEntity", self.organization.pk)

    @property
    def name(self) -> str:
        return self.team.name if self.team else _ORGANIZATION + self.organization.name

    @property
    def kind(self) -> str:
        return "team" if self.team else "organization"


def entity_of(team: Team) -> Entity:
    return Entity(team.organization, team)


def entity_named(user: Visitor, name: str) -> Entity | None:
    """Give the entity of this name, where the person may see it."""
    mine = Team.objects.select_related("organization").filter(pk__in=teams_of(user).order_by().values("pk"))
    team = former_names.by_name(mine, former_names.TEAM, name).first()
    if team is not None:
        return entity_of(team)
    if not name.startswith(_ORGANIZATION):
        return None
    theirs = Organization.objects.filter(pk__in=organizations_of(user).order_by().values("pk"))
    said = name.removeprefix(_ORGANIZATION)
    organization = former_names.by_name(theirs, former_names.ORGANIZATION, said).first()
    return Entity(organization) if organization else None


def writable_team(user: User, name: str | None) -> Team:
    """Give the team a run goes to; 404 where it is not there, 403 where the person may only look."""
    if name:
        return team_named(user, name, Role.MEMBER)
    team = default_team(user)
    if team is None:
        raise Http404("You are on no team yet. Ask an admin of a team to invite you, or say which with WANDB_ENTITY.")
    if not may(user, team, Role.MEMBER):
        raise PermissionDenied(
            f"In the team {team.name} you may only look. Ask one of its admins for the role member, "
            "choose another default team in your profile, or say which with WANDB_ENTITY."
        )
    return team
