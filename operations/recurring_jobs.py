"""Recurring jobs: done once in a while by whichever process comes first, on any host."""

from __future__ import annotations

from datetime import timedelta

from common.data.database_clock import database_now
from operations.models import RecurringJob


def claim(name: str, *, every_seconds: float) -> bool:
    """Whether it is this process that is to do it now. Whoever dies over it leaves it until the next time."""
    now = database_now()
    job, is_new = RecurringJob.objects.get_or_create(
        name=name, defaults={"due_at": now + timedelta(seconds=every_seconds)}
    )
    if is_new:
        return True
    # A shorter pace than before holds at once.
    is_due = job.due_at <= now or job.due_at > now + timedelta(seconds=every_seconds)
    same = RecurringJob.objects.filter(name=name, due_at=job.due_at)
    return is_due and bool(same.update(due_at=now + timedelta(seconds=every_seconds)))
