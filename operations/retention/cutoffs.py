"""Cutoffs of retention: the days that are set, as moments."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from common.data.database_clock import database_now
from operations.retention.retention_kind import Cutoffs, RetentionKind


def cutoffs_of(kind: type[RetentionKind]) -> Cutoffs:
    """Give what is due of the kind now, by the clock of the database."""
    days = settings.RETENTION_DAYS[kind.key]
    return Cutoffs(database_now() - timedelta(days=days) if days else None, {})
