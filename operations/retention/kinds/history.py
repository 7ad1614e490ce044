"""Retention of history: what runs logged."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.retention.aged_runs import RowsOfAgedRuns
from operations.retention.retention_kind import registry
from projects.models import Stream


@registry.register
class HistoryRetention(RowsOfAgedRuns):
    """Rows of metrics of runs that are over, neither pinned nor linked. The last row and the summary stay."""

    key = "history"
    label = _("History")
    stream = Stream.HISTORY
