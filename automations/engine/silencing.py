"""Silencing: whether a silence (mute window) suppresses what an automation would tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Protocol

from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.mute_window import MuteTimes
from automations.engine.throttling import Suppression
from automations.models import Silence
from common.statements.prepared_query import PreparedQuery
from events.event_types import EventContext

_READABLE = "%Y-%m-%d %H:%M"


class Silencing(Protocol):
    """What says whether somebody wants silence about something now."""

    def suppression(self, loaded: LoadedAutomation, context: EventContext) -> Suppression | None: ...


class NoSilence:
    """A backtest asks what an automation would tell where nobody silences it."""

    def suppression(self, loaded: LoadedAutomation, context: EventContext) -> Suppression | None:
        return None


class StoredSilences:
    """The silences of the teams that are asked for, read once a batch and team, and only where something fires."""

    def __init__(self) -> None:
        self._of_team: dict[int, Sequence[Silence]] = {}

    def suppression(self, loaded: LoadedAutomation, context: EventContext) -> Suppression | None:
        """Give the suppression by the silence that lasts longest; None where nobody silences this."""
        found = []
        for silence in self._silences(loaded.automation.team_id):
            window = times_of(silence).window_at(context.occurred_at)
            if window is not None and is_about(silence, loaded, context):
                found.append((window.ends, silence.pk, window, silence))
        if not found:
            return None
        _ends, _pk, window, silence = max(found)
        reason = f"Silenced by {_whose(silence)} until {window.ends:{_READABLE}} UTC."
        if silence.note:
            reason += f" {silence.note}"
        return Suppression((loaded.automation.pk, key_of(silence, context.subject.key)), reason, window.begins)

    def _silences(self, team: int) -> Sequence[Silence]:
        if team not in self._of_team:
            self._of_team[team] = _of_team.rows(team=team)
        return self._of_team[team]


_of_team = PreparedQuery(
    lambda team: Silence.objects.filter(team=team, settles_at__isnull=False).order_by("id"), team=int
)


def key_of(silence: Silence, subject: str) -> str:
    """Give what the silenced firings about a subject are counted under."""
    return f"{subject}@silence:{silence.pk}"


def times_of(silence: Silence) -> MuteTimes:
    return MuteTimes(
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        weekdays=tuple(silence.weekdays),
        from_time=time.fromisoformat(silence.from_time or "00:00"),
        minutes=silence.minutes,
        zone=silence.zone,
    )


def is_about(silence: Silence, loaded: LoadedAutomation, context: EventContext) -> bool:
    """Whether everything fits that the silence names: project, automation, run and tag. One that names none: all."""
    facts = context.subject.facts
    project = facts.get("project", loaded.automation.project_id)
    return (
        silence.project_id in (None, project)
        and silence.automation_id in (None, loaded.automation.pk)
        and (silence.run_id is None or context.subject.key == f"run:{silence.run_id}")
        and (not silence.tag or silence.tag in facts.get("tags", ()))
    )


def _whose(silence: Silence) -> str:
    return silence.created_by.username if silence.created_by else "somebody who is gone"
