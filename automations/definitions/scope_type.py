"""The base class of scopes: where an automation listens. The kinds of them: `automations/definitions/scopes.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db.models import QuerySet

from common.archived_rows import CanBeArchived, refuse_archived
from common.data.validation_errors import quoted, refuse
from common.plugins import Plugin, PluginRegistry
from teams import access
from teams.models import Role, Team, User

# So many names are offered to choose from; others can be typed.
MOST_OFFERED = 200
# The foreign keys of an automation to where it listens.
OWNERS = ("project", "registry", "collection", "organization")


@dataclass(frozen=True)
class ScopePlace:
    """A scope that was found. `key` is what events carry; `team` owns what the action uses.

    `columns` are the automation's foreign keys to it.
    """

    type: str
    name: str
    key: str
    team: Team
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Any]:
        """All columns of an automation that say where it listens."""
        named = {"team": self.team, "scope": self.key, "scope_type": self.type, "scope_name": self.name}
        return {**named, **dict.fromkeys(OWNERS), **self.columns}


class ScopeType(Plugin):
    """Finds a place by its name, and says what a person's role must be there. Event types list its key."""

    example: ClassVar[str]  # how a name is written
    # No team's own: who makes an automation there says whose integrations and secrets it uses.
    shared: ClassVar[bool] = False

    @classmethod
    def place(cls, name: str, team: str) -> ScopePlace | None:
        """Give the place; None where there is none. `team` is asked for where the scope is no team's own."""
        raise NotImplementedError

    @classmethod
    def names(cls, user: User) -> Sequence[str]:
        """Give the names of those where this person may make automations, as far as they are worth listing."""
        raise NotImplementedError

    @classmethod
    def require(cls, user: User, place: ScopePlace, least: Role) -> None:
        """Refuse who may not see (404) or not change (403) automations there."""
        access.require(user, place.team, least)
        if least != Role.VIEWER:
            refuse_archived_in(place)

    @classmethod
    def parts(cls, name: str) -> list[str]:
        """Split the name, as often as its example has slashes; a name of another form is refused."""
        parts = name.split("/")
        if len(parts) != cls.example.count("/") + 1 or not all(parts):
            refuse("scope.name", f"{quoted(name)} names no {cls.key}; write it like {cls.example}.")
        return parts


def refuse_archived_in(place: ScopePlace) -> None:
    """Refuse changes to what listens in something archived, or in a part of that."""
    for owner in place.columns.values():
        for row in (owner, getattr(owner, "project", None), getattr(owner, "registry", None)):
            if isinstance(row, CanBeArchived):
                refuse_archived(row)


registry: PluginRegistry[ScopeType] = PluginRegistry("scope")


def changed_by(user: User) -> QuerySet[Team]:
    """Give the teams in which this person may make automations."""
    roles = access.memberships_of(user).exclude(role=Role.VIEWER).filter(team__archived_at=None)
    return Team.objects.filter(pk__in=roles.order_by().values("team")).order_by("name")


def written(rows: QuerySet[Any], *columns: str) -> list[str]:
    """Write the names of the rows, as far as they are worth listing."""
    return ["/".join(names) for names in rows.order_by(*columns).values_list(*columns)[:MOST_OFFERED]]
