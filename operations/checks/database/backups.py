"""Backups: how old the last one is, where `runbell backup` made it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from common.data.database_clock import database_now
from operations import recurring_jobs
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry

JOB = "backup"
_OLD = timedelta(days=7)
_REMEDY = "Run `runbell backup FILE`, by cron or a timer of systemd; docs/operate.md says how."


@registry.register
class BackupAge(OperatorCheck):
    """When the last backup was made. One by other means, such as pg_dump, is not known here."""

    key, label = "backup", _("Backup")

    def findings(self) -> Iterable[Finding]:
        made_at = recurring_jobs.done_at(JOB)
        if made_at is None:
            return [
                Finding(Level.OK, "No backup by `runbell backup` is known; others are not seen from here.", _REMEDY)
            ]
        age = database_now() - made_at
        said = f"The last backup by `runbell backup` is of {made_at:%Y-%m-%d %H:%M} UTC."
        return [Finding(Level.WARNING, said, _REMEDY) if age > _OLD else Finding(Level.OK, said)]
