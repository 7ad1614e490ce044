"""Retention of system metrics: what the machines of runs logged."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.retention.aged_runs import RowsOfAgedRuns
from operations.retention.retention_kind import registry
from projects.models import Stream


@registry.register
class SystemMetricsRetention(RowsOfAgedRuns):
    """Rows of system metrics of runs that are over, neither pinned nor linked. The last row stays."""

    key = "system_metrics"
    label = _("System metrics")
    stream = Stream.SYSTEM
