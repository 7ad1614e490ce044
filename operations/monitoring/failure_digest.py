"""The digest of final failures: a team hears of them in one notice, however many there are.

The notice stands above the pages of the team's admins and goes to them by e-mail, once: while it is open it counts on.
Where the team has chosen a channel for all alerts of its scripts, the digest goes there too: a delivery like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from automations.access import executions_shown
from automations.messages import variables
from automations.models import Automation, Execution, ExecutionState
from common.data.database_clock import database_now
from events import event_types
from operations import recurring_jobs
from projects.event_types import RunAlert
from teams.models import Team
from teams.notices import team_notices

KEY = "failures"
EACH_SECONDS = 600
# What is being stored has an end that is over already: it belongs to the next digest.
_LATE = timedelta(seconds=30)
_MOST_NAMED = 5
_ALERT = RunAlert.key


def send_digests() -> None:
    """Tell each team what failed for good since the last digest. For the sweep."""
    since = recurring_jobs.claim_since("failure_digest", every_seconds=EACH_SECONDS)
    if since is None:
        return
    begin, end = since - _LATE, database_now() - _LATE
    failed = executions_shown().filter(state=ExecutionState.FAILED, ended_at__gt=begin, ended_at__lte=end)
    for team in Team.objects.filter(pk__in=failed.values("team"), memberships__isnull=False).distinct():
        _tell(team, min(begin, _first_told(team, default=begin)), end)


def _first_told(team: Team, *, default: datetime) -> datetime:
    """Give since when the open notice counts, if there is one."""
    notice = team_notices.open_notices([team]).filter(key=KEY).first()
    return default if notice is None else notice.created_at - timedelta(seconds=EACH_SECONDS) - _LATE


def _tell(team: Team, begin: datetime, end: datetime) -> None:
    failed = executions_shown().filter(team=team, state=ExecutionState.FAILED, ended_at__gt=begin, ended_at__lte=end)
    counts = failed.values_list("automation__name").annotate(count=Count("pk")).order_by("-count", "automation__name")
    rows = list(counts)
    named = ", ".join(f"{name} ({count})" for name, count in rows[:_MOST_NAMED])
    if len(rows) > _MOST_NAMED:
        named = _("%(named)s and %(count)d others") % {"named": named, "count": len(rows) - _MOST_NAMED}
    said = {"count": sum(count for _name, count in rows), "since": f"{begin:%Y-%m-%d %H:%M} UTC", "named": named}
    text = _("Deliveries that failed for good since %(since)s: %(count)d. By automation: %(named)s.") % said
    address = "/automations?" + urlencode({"team": team.name, "last": "failed"})
    with transaction.atomic():
        is_new = not team_notices.open_notices([team]).filter(key=KEY).exists()
        team_notices.open_notice(team, KEY, text, address)
        for automation in _channels(team) if is_new else ():
            _deliver(automation, text, address)


def _channels(team: Team) -> list[Automation]:
    """Give the automations that pass on every alert of the team: those without conditions."""
    rows = Automation.objects.filter(
        team=team, scope=f"team:{team.pk}", event_type=_ALERT, enabled=True, deleted_at__isnull=True
    )
    # Conditions are text in the database.
    return [row for row in rows if not row.conditions]


def _deliver(automation: Automation, text: str, address: str) -> None:
    """Write an execution that no event caused; the engine sends it, tries again, and shows it in the history."""
    now, title = database_now(), _("Deliveries failed for good")
    said = {
        "automation_name": automation.name,
        "event_type": event_types.registry.get(_ALERT).wire,
        "event_time": now.isoformat(),
        "entity_name": automation.team.name,
        "alert_title": title,
        "alert_text": text,
        "alert_level": "ERROR",
        "alert_status": "firing",
    }
    Execution.objects.create(
        automation=automation, team=automation.team, subject_label=title, subject_url=address, why=text,
        kept_variables={**dict.fromkeys(variables.known()), **said}, action_type=automation.action_type,
        kept_action=automation.action, receiver_key=automation.receiver_key, next_attempt_at=now,
    )  # fmt: skip
