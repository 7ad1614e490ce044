"""Services of silences: make one, end it before its time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from automations.engine.mute_window import LONGEST_MINUTES
from automations.engine.silencing import times_of
from automations.models import Automation, Silence
from common.data.validation_errors import quoted, refuse
from projects.models import Project, Run
from teams.audit import audit_log
from teams.models import Team, User

MOST_OF_TEAM = 500
LONGEST = timedelta(days=366)
LONGEST_NOTE = 200
_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d\Z")
_AUDITED = ("tag", "starts_at", "ends_at", "weekdays", "from_time", "minutes", "zone", "note")


@dataclass(frozen=True)
class SilenceDraft:
    """What a person asks for. With `weekdays` it holds each week, from `from_time` for `minutes`."""

    project: Project | None = None
    automation: Automation | None = None
    run: Run | None = None
    tag: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: list[int] = field(default_factory=list)
    from_time: str = ""
    minutes: int = 0
    zone: str = "UTC"
    note: str = ""


def silences_of(team: Team) -> QuerySet[Silence]:
    """Give those of the team that hold or will, the next to end first."""
    return open_silences().filter(team=team)


def open_silences() -> QuerySet[Silence]:
    """Give those that hold or will, of all teams."""
    rows = Silence.objects.filter(settles_at__isnull=False, ended_at=None)
    return rows.select_related("team", "project__team", "automation", "run__project__team", "created_by").order_by(
        "settles_at", "id"
    )


def create_silence(team: Team, draft: SilenceDraft, *, by: User) -> Silence:
    """Make one; it holds at once, or from its start. Raises ValidationError."""
    now = timezone.now()
    silence = Silence(
        team=team, created_by=by, project=draft.project, automation=draft.automation, run=draft.run,
        tag=draft.tag.strip(), starts_at=draft.starts_at or now, ends_at=draft.ends_at,
        weekdays=sorted(set(draft.weekdays)), from_time=draft.from_time, minutes=draft.minutes,
        zone=draft.zone or "UTC", note=draft.note.strip()[:LONGEST_NOTE],
    )  # fmt: skip
    _check_times(silence, now)
    silence.settles_at = times_of(silence).next_end(now)
    if silence.settles_at is None:
        refuse("ends_at", f"It would hold at no time after {now:%Y-%m-%d %H:%M} UTC. Give a later end.")
    if silences_of(team).count() >= MOST_OF_TEAM:
        refuse("team", f"The team has {MOST_OF_TEAM} silences that hold or will. End one first.")
    with transaction.atomic():
        silence.save()
        audit_log.record("silence.create", _named(silence), team=team, by=by, after=_said(silence))
    return silence


def end_silence(silence: Silence, *, by: User) -> None:
    """End it now. What still holds of what it kept silent is told soon; told twice, it is once."""
    now = timezone.now()
    with transaction.atomic():
        if Silence.objects.filter(pk=silence.pk, ended_at=None).update(ended_at=now, ends_at=now, settles_at=now):
            audit_log.record("silence.end", _named(silence), team=silence.team, by=by, before=_said(silence))


def _check_times(silence: Silence, now: datetime) -> None:
    if silence.zone not in available_timezones():
        refuse("zone", f"{quoted(silence.zone)} is no time zone. Give one such as Europe/Berlin.")
    if silence.ends_at is not None and silence.ends_at <= silence.starts_at:
        refuse("ends_at", f"{quoted(silence.ends_at.isoformat())} is not after the start.")
    if silence.weekdays:
        _check_week(silence)
    elif silence.ends_at is None:
        refuse("ends_at", "Say when it ends, or on which weekdays it holds.")
    elif silence.ends_at - silence.starts_at > LONGEST:
        refuse("ends_at", f"It may last {LONGEST.days} days at most. To hear nothing for good, disable the automation.")


def _check_week(silence: Silence) -> None:
    if wrong := [day for day in silence.weekdays if not 0 <= day <= 6]:
        refuse("weekdays", f"{quoted(wrong[0])} is no weekday. Give 0 (Monday) to 6 (Sunday).")
    if not _TIME.match(silence.from_time):
        refuse("from_time", f"{quoted(silence.from_time)} is no time. Give one such as 22:00.")
    if not 1 <= silence.minutes <= LONGEST_MINUTES:
        refuse("minutes", f"{quoted(silence.minutes)} is not between 1 and {LONGEST_MINUTES} minutes.")


def _named(silence: Silence) -> str:
    return f"silence {silence.pk}"


def _said(silence: Silence) -> dict[str, Any]:
    about = {
        "project": silence.project and str(silence.project),
        "automation": silence.automation and silence.automation.name,
        "run": silence.run and silence.run.name,
    }
    return {**about, **{name: getattr(silence, name) for name in _AUDITED}}
