"""Registry members, people and teams, as the SDK names them: by id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404

from artifacts.models import Registry
from common.data.validation_errors import quoted, refuse
from registries import access
from registries.models import RegistryMember, RegistryRole
from teams.access import people_of as people_of_organization
from teams.models import Team, User
from wandb_api.graphql.global_ids import global_id, key_of
from wandb_api.lookup.projects import SdkProject


def people_of(user: User, place: SdkProject, knows: Callable[[int], bool]) -> list[dict[str, Any]]:
    """Give the people of a registry to whoever may see them, each with the role they have by themselves.

    Its admins see all of them; an e-mail address is for whom `knows` says: who shares a team with that person.
    """
    return [
        {
            "id": global_id("User", row.user.pk),
            "name": row.user.get_full_name() or row.user.username,
            "username": row.user.username,
            "email": row.user.email if knows(row.user.pk) else None,
            "role": {"name": row.role},
        }
        for row in _rows(user, place)
        if row.user is not None
    ]


def teams_in(user: User, place: SdkProject) -> list[RegistryMember]:
    return [row for row in _rows(user, place) if row.team is not None]


def username_of(registry: Registry, id: str) -> str:
    """Give the name of a person of its organization; one from elsewhere is as unknown as nobody."""
    found = people_of_organization(registry.organization).filter(pk=key_of("User", id)).first()
    if found is None:
        raise Http404(f"There is nobody with the id {quoted(id)} in the organization {registry.organization}.")
    return found.username


def team_name_of(registry: Registry, id: str) -> str:
    """Give the name of a team of its organization; one from elsewhere is as unknown as none."""
    found = Team.objects.filter(organization=registry.organization_id, pk=key_of("Entity", id)).first()
    if found is None:
        raise Http404(f"There is no team with the id {quoted(id)} in the organization {registry.organization}.")
    return found.name


def checked_role(name: str) -> RegistryRole:
    if name not in RegistryRole.values:
        refuse("role", f"{quoted(name)} is no role. Choose one of: {', '.join(RegistryRole.values)}.")
    return RegistryRole(name)


def _rows(user: User, place: SdkProject) -> list[RegistryMember]:
    if not isinstance(place, Registry) or not access.may(user, place, RegistryRole.VIEWER):
        return []
    return list(access.members_seen_by(user, place).order_by("pk"))
