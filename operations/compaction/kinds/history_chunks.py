"""Compaction of what runs logged."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.data.database_clock import database_now
from operations.compaction.table_walk import TableWalk, WalkedBatch, registry
from projects.runs.history_compaction import compact_from, open_chunks

# How many chunks as they were posted are looked at in one batch: each may begin a merge of thousands.
_BATCH = 8
_MOST_MERGES = 2


@registry.register
class HistoryCompaction(TableWalk):
    """History chunks that came a while ago are merged into larger ones, in columns."""

    key = "history_chunks"
    label = _("History")

    def walk_batch(self, after: int) -> WalkedBatch:
        if not settings.COMPACT_AFTER_MINUTES:
            return WalkedBatch(0, after, is_end=True)
        older_than = database_now() - timedelta(minutes=settings.COMPACT_AFTER_MINUTES)
        page = list(open_chunks(after).defer("rows")[:_BATCH])
        changed, begun = 0, set[tuple[int, str]]()
        for chunk in page:
            if chunk.created_at >= older_than:
                return WalkedBatch(changed, after, is_end=True)
            if (chunk.run_id, chunk.stream) not in begun:
                begun.add((chunk.run_id, chunk.stream))
                merges = list(islice(compact_from(chunk, older_than), _MOST_MERGES))
                changed += sum(merges)
                if len(merges) == _MOST_MERGES:
                    # There may be more of it, and what was merged is seen no more.
                    return WalkedBatch(changed, after, is_end=False)
            after = chunk.pk
        return WalkedBatch(changed, after, is_end=len(page) < _BATCH)
