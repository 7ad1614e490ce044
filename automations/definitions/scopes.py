"""Where an automation listens: a project, a registry, one collection, a team, or a whole organization.

What comes later is included: an event carries every scope it happened in, and is heard in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.http import Http404

from artifacts.access import with_owner
from artifacts.models import Collection
from artifacts.models import Registry as ArtifactRegistry
from automations.definitions.scope_names import organization_today, project_today, registry_today, team_today
from automations.definitions.scope_type import (
    MOST_OFFERED,
    OWNERS,
    ScopePlace,
    ScopeType,
    changed_by,
    registry,
    written,
)
from automations.models import Automation
from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from projects.models import Project
from registries import access as registries
from registries.models import RegistryRole
from teams import access
from teams.models import Organization, Role, Team, User


def place_named(sent: Mapping[str, Any]) -> ScopePlace | None:
    """Give the place that is named: `{"type": "project", "name": "acme/mnist"}`, perhaps with `team`."""
    return _kind(sent).place(str(sent.get("name", "")), str(sent.get("team") or ""))


def find(user: User, sent: Mapping[str, Any], least: Role) -> ScopePlace:
    """Give the place to a person: 404 for what they cannot see, 403 where their role is too low."""
    kind, place = _kind(sent), place_named(sent)
    with suppress(Http404):  # said below, in the same words: whether it is there is not for strangers to know
        if place is not None:
            kind.require(user, place, least)
            return place
    acting = f" for the team {quoted(sent['team'])}" if sent.get("team") else ""
    raise Http404(f"There is no {kind.key} {quoted(sent.get('name'))}{acting} here, or you are not on its team.")


def require(user: User, automation: Automation, least: Role) -> None:
    """Refuse who may not do this to an automation where it stands."""
    registry.get(automation.scope_type).require(user, of_automation(automation), least)


def acting_teams(user: User, sent: Mapping[str, Any]) -> list[Team]:
    """Give the teams whose integrations and secrets an action there may use; none where the scope is a team's own."""
    kind = _kind(sent)
    if not kind.shared:
        return []
    organization = kind.parts(str(sent.get("name", "")))[0]
    return list(changed_by(user).filter(organization__name=organization))


def of_project(project: Project) -> ScopePlace:
    return ScopePlace("project", str(project), project.scopes[0], project.team, {"project": project})


def of_automation(automation: Automation) -> ScopePlace:
    """Give the place of a stored automation, so that it is checked as it was when it was made."""
    columns = {name: getattr(automation, name) for name in OWNERS}
    stored = (automation.scope_type, automation.scope_name, automation.scope)
    return ScopePlace(*stored, automation.team, columns)


def _kind(sent: Mapping[str, Any]) -> type[ScopeType]:
    try:
        return registry.get(sent.get("type", "project"))
    except UnknownKey as error:
        refuse("scope.type", f"{error}.")


@registry.register
class ProjectScope(ScopeType):
    """The runs and collections of one project."""

    key = "project"
    label = "Project"
    example = "acme/mnist"

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        rows = Project.objects.filter(team__in=changed_by(user)).order_by("team__name", "name")
        return [f"{team}/{name}" for team, name in rows.values_list("team__name", "name")[:MOST_OFFERED]]

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        owner, project = project_today(*cls.parts(name))
        _check_own_team(owner, team)
        rows = Project.objects.select_related("team__organization")
        there = rows.filter(team__name=owner, name=project).first()
        return of_project(there) if there else None


@registry.register
class CollectionScope(ScopeType):
    """One collection of a project."""

    key = "collection"
    label = "Collection"
    example = "acme/mnist/model"

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        rows = Collection.objects.filter(project__team__in=changed_by(user))
        return written(rows, "project__team__name", "project__name", "name")

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        *names, collection = cls.parts(name)
        owner, project = project_today(*names)
        _check_own_team(owner, team)
        rows = with_owner(Collection.objects.filter(project__team__name=owner, project__name=project, name=collection))
        there = rows.first()
        if there is None or there.project is None:
            return None
        return ScopePlace(cls.key, str(there), there.scopes[0], there.project.team, {"collection": there})


@registry.register
class TeamScope(ScopeType):
    """Every project of a team, also those made later. Its admins decide."""

    key = "team"
    label = "Team"
    example = "acme"

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        return [team.name for team in access.administered_by(user)[:MOST_OFFERED]]

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        (said,) = cls.parts(name)
        owner = team_today(said)
        _check_own_team(owner, team)
        there = Team.objects.filter(name=owner).first()
        return ScopePlace(cls.key, owner, f"team:{there.pk}", there) if there else None

    @classmethod
    def require(cls, user: User, place: ScopePlace, least: Role) -> None:
        access.require(user, place.team, least if least == Role.VIEWER else Role.ADMIN)


@registry.register
class RegistryScope(ScopeType):
    """Every collection of a registry, also those made later."""

    key = "registry"
    label = "Registry"
    example = "research/model"
    shared = True

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        return written(registries.registries_of(user), "organization__name", "name")

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        organization, registry_name = registry_today(*cls.parts(name))
        rows = ArtifactRegistry.objects.select_related("organization")
        there = rows.filter(organization__name=organization, name=registry_name).first()
        owner = _acting_team(team, organization)
        if there is None or owner is None:
            return None
        return ScopePlace(cls.key, str(there), there.scopes[0], owner, {"registry": there})

    @classmethod
    def require(cls, user: User, place: ScopePlace, least: Role) -> None:
        _require_registry(user, place.columns["registry"], least)
        access.require(user, place.team, least)


@registry.register
class RegistryCollectionScope(ScopeType):
    """One collection of a registry."""

    key = "registry_collection"
    label = "Registry collection"
    example = "research/model/production"
    shared = True

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        rows = Collection.objects.filter(registry__in=registries.registries_of(user))
        return written(rows, "registry__organization__name", "registry__name", "name")

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        *names, collection = cls.parts(name)
        organization, registry_name = registry_today(*names)
        rows = Collection.objects.filter(registry__organization__name=organization, registry__name=registry_name)
        there, owner = with_owner(rows.filter(name=collection)).first(), _acting_team(team, organization)
        if there is None or owner is None:
            return None
        today = f"{organization}/{registry_name}/{collection}"
        return ScopePlace(cls.key, today, there.scopes[0], owner, {"collection": there})

    @classmethod
    def require(cls, user: User, place: ScopePlace, least: Role) -> None:
        _require_registry(user, place.columns["collection"].registry, least)
        access.require(user, place.team, least)


@registry.register
class OrganizationScope(ScopeType):
    """Every team, project and registry of an organization. Its admins decide."""

    key = "organization"
    label = "Organization"
    example = "research"
    shared = True

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        return [one.name for one in Organization.objects.filter(admins=user).order_by("name")[:MOST_OFFERED]]

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        organization = organization_today(*cls.parts(name))
        there, owner = Organization.objects.filter(name=organization).first(), _acting_team(team, organization)
        if there is None or owner is None:
            return None
        return ScopePlace(cls.key, there.name, f"organization:{there.pk}", owner, {"organization": there})

    @classmethod
    def require(cls, user: User, place: ScopePlace, least: Role) -> None:
        # Even to read, for a backtest shows the runs of every team.
        registries.require_admin(user, place.columns["organization"])
        access.require(user, place.team, least)


def _require_registry(user: User, there: ArtifactRegistry, least: Role) -> None:
    """Members of a registry make its automations; viewers read them."""
    registries.require(user, there, RegistryRole.RESTRICTED_VIEWER if least == Role.VIEWER else RegistryRole.MEMBER)


def _acting_team(team: str, organization: str) -> Team | None:
    """Give the team whose integrations and secrets the action uses: an organization has none of its own."""
    if not team:
        refuse("scope.team", "Say whose integrations and secrets the action uses: the name of one of your teams.")
    return Team.objects.filter(name=team_today(team), organization__name=organization).first()


def _check_own_team(owner: str, team: str) -> None:
    if team and team_today(team) != owner:
        refuse("scope.team", f"{quoted(team)} is not the team of this scope, {owner}. Leave it out.")
