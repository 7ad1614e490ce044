"""Suggestions of the wizard, from what is there: metrics, people, past events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from automations.definitions.scope_type import ScopePlace
from events.event_types import EventType
from events.models import Event
from projects.history.first_metrics import with_listed_metrics
from projects.history.reading import last_row
from projects.models import Run, Stream
from teams.models import User

# Enough to know the metrics of a project by.
_RECENT_RUNS = 20
# So many events are looked at for those of the scope; so many are offered.
_LOOKED_AT, _OFFERED = 200, 5
_MOST_NAMES = 500
# How a scope's runs are found.
_RUNS_OF = {"project": "project", "team": "project__team", "organization": "project__team__organization"}


@dataclass(frozen=True)
class Past:
    """An event that happened there, to preview with."""

    pk: int
    label: str
    occurred_at: datetime


def suggestions_in(place: ScopePlace) -> dict[str, list[str]]:
    """Give what fields of these names can be completed with."""
    return {"metric": metrics_in(place), "username": _usernames(place)}


def runs_in(place: ScopePlace) -> QuerySet[Run]:
    """Give the runs of a project, a team or an organization, the newest first; none where a scope has no runs."""
    kind, _, number = place.key.partition(":")
    rows = Run.objects.filter(project__deletion=None, project__team__deletion=None).order_by("-pk")
    return rows.filter(**{_RUNS_OF[kind]: number}) if kind in _RUNS_OF else rows.none()


def metrics_in(place: ScopePlace) -> list[str]:
    """Give the metrics that recent runs logged, and those of the machine of the newest."""
    runs = list(runs_in(place).only("pk")[:_RECENT_RUNS])
    listed = with_listed_metrics(runs_in(place)).values_list("listed_metrics", flat=True)[:_RECENT_RUNS]
    system: Iterable[object] = (last_row(runs[0], Stream.SYSTEM) or {}) if runs else {}
    names = {str(key) for keys in [*listed, system] for key in keys}
    return sorted(name for name in names if not name.startswith("_"))[:_MOST_NAMES]


def past_events(place: ScopePlace, event_type: type[EventType]) -> list[Past]:
    """Give the last events of the type that happened there."""
    rows = Event.objects.filter(kind=event_type.kind).order_by("-occurred_at")
    recent = rows.filter(team=place.team)[:_LOOKED_AT]
    hidden = event_type.hidden_scopes()
    events = [event for event in recent if place.key in event.scopes and hidden.isdisjoint(event.scopes)][:_OFFERED]
    contexts = event_type.contexts(events)
    there = [event for event in events if event.pk in contexts]
    return [Past(event.pk, contexts[event.pk].subject.label, event.occurred_at) for event in there]


def _usernames(place: ScopePlace) -> list[str]:
    people = User.objects.filter(memberships__team=place.team)
    return list(people.order_by("username").values_list("username", flat=True)[:_MOST_NAMES])
