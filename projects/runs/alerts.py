"""Alerts of scripts (`run.alert`): rate-limited by title, and published as events."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from common.data.validation_errors import quoted, refuse
from events import ledger
from events.models import Event
from projects.models import Run
from projects.runs.lifecycle import lock_run

RUN_ALERTED = "run.alert"
# From the least to the most severe.
ALERT_LEVELS = ("INFO", "WARN", "ERROR")
_LONGEST_ALERT_WAIT_SECONDS = 24 * 3600


def alert_run(run: Run, *, title: str, text: str, level: str, wait_seconds: float = 0) -> bool:
    """Tell what a script has to say; False where it said the title less than `wait_seconds` (at most a day) ago."""
    level = level.strip().upper()
    if level not in ALERT_LEVELS:
        refuse("level", f"{quoted(level)} is no level of an alert. Choose one of: {', '.join(ALERT_LEVELS)}.")
    with transaction.atomic():
        locked = lock_run(run)
        since = timezone.now() - timedelta(seconds=min(wait_seconds, _LONGEST_ALERT_WAIT_SECONDS))
        earlier = Event.objects.filter(kind=RUN_ALERTED, stream=locked.stream_key, occurred_at__gt=since)
        if wait_seconds and any(event.data["title"] == title for event in earlier):
            return False
        data = {"run": locked.pk, "title": title, "text": text, "level": level}
        ledger.publish(RUN_ALERTED, locked.event_scope, data, actor=locked.actor)
        return True
