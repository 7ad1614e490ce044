"""The digest of final failures: a team hears of them in one notice, however many there are.

The notice stands above the pages of the team's admins and goes to them by e-mail, once: while it is open it counts on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count
from django.utils.translation import gettext as _

from automations.models import Execution, ExecutionState
from common.data.database_clock import database_now
from operations import recurring_jobs
from teams.models import Team
from teams.notices import team_notices

KEY = "failures"
EACH_SECONDS = 600
# What is being stored has an end that is over already: it belongs to the next digest.
_LATE = timedelta(seconds=30)
_MOST_NAMED = 5


def send_digests() -> None:
    """Tell each team what failed for good since the last digest. For the sweep."""
    since = recurring_jobs.claim_since("failure_digest", every_seconds=EACH_SECONDS)
    if since is None:
        return
    begin, end = since - _LATE, database_now() - _LATE
    failed = Execution.objects.filter(state=ExecutionState.FAILED, ended_at__gt=begin, ended_at__lte=end)
    for team in Team.objects.filter(pk__in=failed.values("team"), memberships__isnull=False).distinct():
        _tell(team, min(begin, _first_told(team, default=begin)), end)


def _first_told(team: Team, *, default: datetime) -> datetime:
    """Give since when the open notice counts, if there is one."""
    notice = team_notices.open_notices([team]).filter(key=KEY).first()
    return default if notice is None else notice.created_at - timedelta(seconds=EACH_SECONDS) - _LATE


def _tell(team: Team, begin: datetime, end: datetime) -> None:
    failed = Execution.objects.filter(team=team, state=ExecutionState.FAILED, ended_at__gt=begin, ended_at__lte=end)
    counts = failed.values_list("automation__name").annotate(count=Count("pk")).order_by("-count", "automation__name")
    rows = list(counts)
    named = ", ".join(f"{name} ({count})" for name, count in rows[:_MOST_NAMED])
    if len(rows) > _MOST_NAMED:
        named = _("%(named)s and %(count)d others") % {"named": named, "count": len(rows) - _MOST_NAMED}
    said = {"count": sum(count for _name, count in rows), "since": f"{begin:%Y-%m-%d %H:%M} UTC", "named": named}
    text = _("Deliveries that failed for good since %(since)s: %(count)d. By automation: %(named)s.") % said
    team_notices.open_notice(team, KEY, text, "/automations?" + urlencode({"team": team.name, "last": "failed"}))
