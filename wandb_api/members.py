"""People and teams of a registry, as the SDK names them: by id."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from artifacts.models import Registry
from common.refusals import quoted, refuse
from registries import access
from registries.models import RegistryMember, RegistryRole
from teams.models import Team, User
from wandb_api.ids import global_id, key_of
from wandb_api.places import Place


def people_of(user: User, place: Place) -> list[dict[str, Any]]:
    """Give the people of a registry to whoever may see them, each with the role they have by themselves."""
    return [
        {
            "id": global_id("User", row.user.pk),
            "name": row.user.get_full_name() or row.user.username,
            "username": row.user.username,
            "email": row.user.email,
            "role": {"name": row.role},
        }
        for row in _rows(user, place)
        if row.user is not None
    ]


def teams_in(user: User, place: Place) -> list[RegistryMember]:
    return [row for row in _rows(user, place) if row.team is not None]


def username_of(id: str) -> str:
    found = User.objects.filter(pk=key_of("User", id)).first()
    if found is None:
        raise Http404(f"There is nobody with the id {quoted(id)}.")
    return found.username


def team_name_of(id: str) -> str:
    """Give the name of a team: whether it is one of the organization is asked where it is added."""
    found = Team.objects.filter(pk=key_of("Entity", id)).first()
    if found is None:
        raise Http404(f"There is no team with the id {quoted(id)}.")
    return found.name


def checked_role(name: str) -> RegistryRole:
    if name not in RegistryRole.values:
        refuse("role", f"{quoted(name)} is no role. Choose one of: {', '.join(RegistryRole.values)}.")
    return RegistryRole(name)


def _rows(user: User, place: Place) -> list[RegistryMember]:
    if not isinstance(place, Registry) or not access.may(user, place, RegistryRole.VIEWER):
        return []
    return list(RegistryMember.objects.filter(registry=place).select_related("user", "team__organization"))
