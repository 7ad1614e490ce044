"""Recurring jobs: done once in a while by whichever process comes first, on any host."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Now

from common.data.database_clock import database_now
from operations.models import RecurringJob


def claim(name: str, *, every_seconds: float) -> bool:
    """Whether it is this process that is to do it now. Whoever dies over it leaves it until the next time."""
    return claim_since(name, every_seconds=every_seconds) is not None


def claim_since(name: str, *, every_seconds: float) -> datetime | None:
    """The same; give since when it has not been done (the first time: now), and None where it is not to be done."""
    pace = timedelta(seconds=every_seconds)
    due_at, now = _due_at(name)
    if due_at is None:
        _job, is_new = RecurringJob.objects.get_or_create(name=name, defaults={"due_at": now + pace})
        return now if is_new else None
    # A shorter pace than before holds at once.
    if not (due_at <= now or due_at > now + pace):
        return None
    same = RecurringJob.objects.filter(name=name, due_at=due_at)
    return due_at - pace if same.update(due_at=now + pace) else None


def _due_at(name: str) -> tuple[datetime | None, datetime]:
    """Give when it is due, None where it is new, and the time it is now: in one question, for it is asked for ever."""
    rows = RecurringJob.objects.filter(name=name)
    if connection.vendor == "sqlite":
        return rows.values_list("due_at", flat=True).first(), database_now()
    return rows.values_list("due_at", Now()).first() or (None, database_now())


def note_done(name: str) -> None:
    """Note that something was done now by a person or a timer of theirs, which nobody claims."""
    RecurringJob.objects.update_or_create(name=name, defaults={"due_at": database_now()})


def done_at(name: str) -> datetime | None:
    """Give when that was noted last."""
    return RecurringJob.objects.filter(name=name).values_list("due_at", flat=True).first()
