"""Retention: whether what is older than it is kept goes, or stands still."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from common.data.database_clock import database_now
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry
from operations.models import RetentionProgress

_LATE = timedelta(hours=6)


@registry.register
class RetentionGoesOn(OperatorCheck):
    """Whether each kind of retention has had its turn lately."""

    key, label = "retention", _("Retention")

    def findings(self) -> Iterable[Finding]:
        now = database_now()
        late = RetentionProgress.objects.filter(due_at__lt=now - _LATE).order_by("due_at")
        remedy = "Look at the workers' log for `remove_some`; `runbell retention` does it now."
        return [
            Finding(Level.WARNING, f"{row.kind} stands still since {row.due_at:%Y-%m-%d %H:%M} UTC.", remedy)
            for row in late
        ] or [Finding(Level.OK, "Each kind had its turn lately.")]
