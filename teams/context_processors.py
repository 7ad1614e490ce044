"""Template context of every page: the visitor's teams to switch between, the current one, and open notices."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from teams import access
from teams.models import Membership, Role, Team
from teams.notices.team_notices import open_notices
from teams.sessions.last_seen import SEEN

# In the session: the team whose pages were read last.
LAST_TEAM = "team"
# More would push the page away; those that follow show when these are dismissed.
_NOTICES = 3


def my_teams(request: HttpRequest) -> dict[str, object]:
    """Give the visitor's teams, and the one whose pages they read last: pages of no team keep its rail."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        # All the same there: a template that hands one on would fail without it.
        return {"my_teams": [], "my_team": None, "administers_a_team": False, "notices": []}
    memberships = list(access.memberships_of(user))
    teams = [membership.team for membership in memberships]
    _leave_seen(request, memberships)
    administered = [membership.team for membership in memberships if membership.role == Role.ADMIN]
    return {
        "my_teams": teams,
        "my_team": _looked_at(request, teams),
        "administers_a_team": bool(administered),
        "notices": list(open_notices(administered)[:_NOTICES]) if administered else [],
    }


def _leave_seen(request: HttpRequest, memberships: Sequence[Membership]) -> None:
    """Leave on the request in whose pages the person is."""
    here = _team_in_address(request)
    setattr(request, SEEN, next((one for one in memberships if one.team.name == here), None))


def _team_in_address(request: HttpRequest) -> str:
    return str(request.resolver_match.kwargs.get("team", "")) if request.resolver_match else ""


def _looked_at(request: HttpRequest, teams: Sequence[Team]) -> Team | None:
    by_name = {team.name: team for team in teams}
    here = _team_in_address(request)
    last = request.session.get(LAST_TEAM, "")
    if here in by_name and here != last and len(teams) > 1:
        request.session[LAST_TEAM] = here
    return by_name.get(here) or by_name.get(last) or (teams[0] if len(teams) == 1 else None)
