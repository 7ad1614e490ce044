"""Recurring jobs: done once in a while by whichever process comes first, on any host."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.data.database_clock import database_now
from operations.models import RecurringJob


def claim(name: str, *, every_seconds: float) -> bool:
    """Whether it is this process that is to do it now. Whoever dies over it leaves it until the next time."""
    return claim_since(name, every_seconds=every_seconds) is not None


def claim_since(name: str, *, every_seconds: float) -> datetime | None:
    """The same; give since when it has not been done (the first time: now), and None where it is not to be done."""
    now, pace = database_now(), timedelta(seconds=every_seconds)
    job, is_new = RecurringJob.objects.get_or_create(name=name, defaults={"due_at": now + pace})
    if is_new:
        return now
    # A shorter pace than before holds at once.
    is_due = job.due_at <= now or job.due_at > now + pace
    same = RecurringJob.objects.filter(name=name, due_at=job.due_at)
    return job.due_at - pace if is_due and same.update(due_at=now + pace) else None


def note_done(name: str) -> None:
    """Note that something was done now by a person or a timer of theirs, which nobody claims."""
    RecurringJob.objects.update_or_create(name=name, defaults={"due_at": database_now()})


def done_at(name: str) -> datetime | None:
    """Give when that was noted last."""
    return RecurringJob.objects.filter(name=name).values_list("due_at", flat=True).first()
