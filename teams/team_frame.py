"""Template context of a team's pages: the team, and what the person may do in it."""

from __future__ import annotations

from typing import Any

from teams import access
from teams.models import Role, Team, User


def team_page(user: User, team: Team) -> dict[str, Any]:
    """Give the team and what the person may do in it: a page offers nothing that would be refused."""
    role = access.role_in(user, team)
    is_open = team.archived_at is None
    return {
        "team": team,
        "may_change": is_open and role in (Role.MEMBER, Role.ADMIN),
        "may_administer": is_open and role == Role.ADMIN,
        # Nobody changes anything in what is archived; who may bring it back is shown where.
        "may_unarchive": role == Role.ADMIN,
    }
