"""Retention of executions, with their attempts."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from automations.models import Attempt, Cooldown, Execution, ExecutionState
from operations.retention.retention_kind import AgedRows, registry


@registry.register
class ExecutionRetention(AgedRows):
    """Executions that are over, with attempts, requests and replies. The last one of each automation stays.

    What decides whether an automation fires again (its cooldowns, its window states) is not theirs, and stays.
    """

    key = "executions"
    label = _("Executions")
    moment_column = "created_at"

    def removable(self) -> QuerySet[Execution]:
        newer = Execution.objects.filter(automation=OuterRef("automation"), pk__gt=OuterRef("pk"))
        return Execution.objects.exclude(state=ExecutionState.PENDING).filter(Exists(newer))

    def remove(self, ids: list[int]) -> int:
        # Locked: one that is delivered anew at this moment either is first, and stays, or finds nothing.
        rows = self.removable().filter(pk__in=ids).select_for_update(of=("self",))
        held = list(rows.values_list("pk", flat=True))
        # Each by itself: Django's cascade would read all that goes into memory.
        Cooldown.objects.filter(suppressed__in=held).update(suppressed=None)
        Attempt.objects.filter(execution__in=held).delete()
        return Execution.objects.filter(pk__in=held).only("pk").delete()[0]
