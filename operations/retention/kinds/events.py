"""Retention of events: those that are judged."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from events.models import Event
from operations.retention.retention_kind import AgedRows, registry
from projects.runs.lifecycle import RUN_STATE_CHANGED


@registry.register
class EventRetention(AgedRows):
    """Judged events. The states of a run stay with the run: its timeline is made of them."""

    key = "events"
    label = _("Events")
    moment_column = "occurred_at"

    def removable(self) -> QuerySet[Event]:
        return Event.objects.filter(processed_at__isnull=False).exclude(kind=RUN_STATE_CHANGED)
