"""What executions repeat, moved into their templates."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from automations.execution_templates import ended_without_template, first_pending, move_into_templates
from common.data.database_clock import database_now
from operations.compaction.table_walk import TableWalk, WalkedBatch, registry

_BATCH = 100


@registry.register
class ExecutionTemplates(TableWalk):
    """Executions that are over for a while keep what they share with others of their automation in one place."""

    key = "executions"
    label = _("Executions")

    def walk_batch(self, after: int) -> WalkedBatch:
        if not settings.COMPACT_AFTER_MINUTES:
            return WalkedBatch(0, after, is_end=True)
        older_than = database_now() - timedelta(minutes=settings.COMPACT_AFTER_MINUTES)
        page = list(ended_without_template(after)[:_BATCH])
        old = [execution for execution in page if execution.created_at < older_than]
        changed = move_into_templates(old)
        after = old[-1].pk if old else after
        if len(old) == _BATCH:
            return WalkedBatch(changed, after, is_end=False)
        # What is on its way for long is come back for, the next time.
        pending = first_pending(before=after)
        return WalkedBatch(changed, after if pending is None else pending - 1, is_end=True)
