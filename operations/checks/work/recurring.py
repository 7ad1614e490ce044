"""Recurring jobs, the schedules of an installation: whether what is due again and again is done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.data.database_clock import database_now
from operations.checks.database.backups import JOB as BACKUP
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry
from operations.models import RecurringJob

_LATE = timedelta(minutes=15)
# Done while the address is set; its row stays.
_OF_SETTINGS = {"dead_mans_switch": lambda: settings.DEADMAN_URL}


@registry.register
class SchedulesKept(OperatorCheck):
    """Whether the recurring jobs of the sweep are done in their time."""

    key, label = "schedules", _("Schedules")

    def findings(self) -> Iterable[Finding]:
        now = database_now()
        late = RecurringJob.objects.filter(due_at__lt=now - _LATE).exclude(name=BACKUP).order_by("due_at")
        found = [job for job in late if _OF_SETTINGS.get(job.name, lambda: True)()]
        remedy = "Look at the workers' log for `sweep:`; where no worker lives, start one."
        return [
            Finding(Level.WARNING, f"{job.name} is due since {_ago(now - job.due_at)}.", remedy) for job in found
        ] or [Finding(Level.OK, "Every recurring job is done in its time.")]


def _ago(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
