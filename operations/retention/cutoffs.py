"""Cutoffs of retention: the days that are set, as moments."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from common.data.database_clock import database_now
from operations.models import TeamRetention
from operations.retention.retention_kind import Cutoffs, RetentionKind


def cutoffs_of(kind: type[RetentionKind]) -> Cutoffs:
    """Give what is due of the kind now, by the clock of the database."""
    now, most = database_now(), settings.RETENTION_DAYS[kind.key]
    own = TeamRetention.objects.filter(kind=kind.key) if kind.teams_may_shorten else TeamRetention.objects.none()
    by_team = {row.team_id: now - timedelta(days=fewer(row.days, most)) for row in own}
    return Cutoffs(now - timedelta(days=most) if most else None, by_team)


def fewer(own: int, most: int) -> int:
    """Give a team's days: never more than the installation's, where these are not for ever (0)."""
    return min(own, most) if most else own
