"""Access: the integrations a person may see and change, by kind and name."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from common.data.lookup import row_or_404
from common.plugins import UnknownKey
from integrations.kind import Kind, registry
from teams.access import team_named
from teams.models import Role, User


def kind_named(key: str) -> type[Kind]:
    try:
        return registry.get(key)
    except UnknownKey as error:
        raise Http404(f"{error}.") from None


def integration_named(user: User, team: str, kind: type[Kind], name: str, least: Role) -> Any:
    """Give the integration, or refuse as `teams.access.require` does."""
    its_team = team_named(user, team, least)
    return row_or_404(kind.rows().filter(team=its_team), f"{kind.noun} {name!r} in the team {team}", name=name)
