"""Automation scopes by the SDK's ids, and which team acts there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from artifacts.models import Collection, Registry
from automations.definitions import scopes
from automations.definitions.scope_type import ScopePlace, changed_by
from automations.models import Automation
from common.data.validation_errors import quoted, refuse
from integrations.kind import registry as kinds
from integrations.models import Integration
from projects.models import Project
from registries.access import organizations_of, registries_of
from teams.access import in_teams_of, teams_of
from teams.accounts.default_team import default_team
from teams.models import Organization, Role, Team, User
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.entities import Entity, entity_of
from wandb_api.lookup.projects import place_and_key, sdk_project_view
from wandb_api.lookup.versions import collection_by_id

Scope = Project | Registry | Collection | Entity
Named = tuple[str, str, Organization | None]


def scope_by_id(user: User, id: str, uses: Integration | None) -> ScopePlace:
    """Give the place to whoever may make automations there: 404 for what they cannot see, 403 where they may not."""
    kind, key = place_and_key(id)
    if kind not in _NAMES:
        raise _unknown(id)
    type_of, name, organization = _NAMES[kind](user, key, id)
    if organization is None:
        place = scopes.find(user, {"type": type_of, "name": name}, Role.MEMBER)
    else:
        team = uses.team if uses else _acting_team(user, organization)
        place = scopes.find(user, {"type": type_of, "name": name, "team": team.name}, Role.MEMBER)
    if uses is not None and uses.team_id != place.team.pk:
        _require_shared(user, uses, place.team)
    return place


def _require_shared(user: User, uses: Integration, acting: Team) -> None:
    """Refuse what the person may not use for the team."""
    if not kinds.get(uses.kind).rows_elsewhere(user, acting).filter(pk=uses.pk).exists():
        theirs = f"{uses.name!r} belongs to the team {uses.team.name}, and here the team {acting.name} acts."
        refuse("action", f"{theirs} Use one of its own.")


def scope_of(automation: Automation) -> Scope:
    """Give what the automation listens in, as a row or an entity."""
    found = automation.project or automation.registry or automation.collection
    if found is not None:
        return found
    return Entity(automation.organization) if automation.organization else entity_of(automation.team)


def scope_id(automation: Automation) -> str:
    found = scope_of(automation)
    if isinstance(found, Entity):
        return found.id
    return global_id("ArtifactCollection", found.pk) if isinstance(found, Collection) else sdk_project_view(found).id


def _acting_team(user: User, organization: Organization) -> Team:
    """Give the person's own team that acts where the action names none: the one that is meant by default, if it can."""
    usual, able = default_team(user), list(changed_by(user).filter(organization=organization))
    if not able:
        raise PermissionDenied(
            f"One of the teams of {organization.name} must act, and in none of them you may change anything."
        )
    return usual if usual is not None and usual in able else able[0]


def _project(user: User, key: int, id: str) -> Named:
    found = in_teams_of(user, Project.objects.select_related("team").filter(pk=key)).first()
    return ("project", str(_there(found, id)), None)


def _registry(user: User, key: int, id: str) -> Named:
    found = _there(registries_of(user).select_related("organization").filter(pk=key).first(), id)
    return ("registry", f"{found.organization.name}/{found.name}", found.organization)


def _collection(user: User, key: int, id: str) -> Named:
    found = collection_by_id(user, id)
    if found.registry is not None:
        organization = found.registry.organization
        return ("registry_collection", f"{organization.name}/{found.registry.name}/{found.name}", organization)
    return ("collection", f"{found.project}/{found.name}", None)


def _team(user: User, key: int, id: str) -> Named:
    return ("team", _there(teams_of(user).filter(pk=key).first(), id).name, None)


def _organization(user: User, key: int, id: str) -> Named:
    found = _there(organizations_of(user).filter(pk=key).first(), id)
    return ("organization", found.name, found)


def _there(found: Any, id: str) -> Any:
    if found is None:
        raise _unknown(id)
    return found


def _unknown(id: str) -> Http404:
    return Http404(f"There is no scope with the id {quoted(id)} here, or you may not see it.")


_NAMES: dict[str, Callable[[User, int, str], Named]] = {
    "Project": _project,
    "Registry": _registry,
    "ArtifactCollection": _collection,
    "Entity": _team,
    "OrganizationEntity": _organization,
}
