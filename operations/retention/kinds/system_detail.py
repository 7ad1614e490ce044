"""Downsampling of system metrics: of what the machines of runs logged, a row each few minutes is left."""

from __future__ import annotations

import math
from collections import Counter

from django.db.models import Max, Min, Sum
from django.utils.translation import gettext_lazy as _

from common.data.batches import batched
from common.data.database_clock import database_now
from operations.retention.aged_runs import AgedRuns, ended_at
from operations.retention.retention_kind import Cutoffs, registry
from projects.history.row_removal import EACH_SECONDS, is_thinned, thin_some_rows
from projects.models import HistoryChunk, Run, Stream

_PAGE = 100


@registry.register
class SystemDetailRetention(AgedRuns):
    """Rows of system metrics of runs that are over, neither pinned nor linked, but one in five minutes and the last."""

    key = "system_detail"
    label = _("System metrics in full")

    def count_due(self, cutoffs: Cutoffs) -> Counter[int | None]:
        """Count them by how long each run logged: about what goes."""
        found: Counter[int | None] = Counter()
        for runs in batched(self.due_runs(cutoffs), _PAGE):
            chunks = HistoryChunk.objects.filter(run__in=[run.pk for run in runs], stream=Stream.SYSTEM).order_by()
            each = chunks.values_list("run", "run__project__team").annotate(
                rows=Sum("row_count"), first=Min("lowest"), last=Max("highest")
            )
            for _run, team, rows, first, last in each:
                found[team] += max(0, rows - 1 - math.ceil(((last or 0) - (first or 0)) / EACH_SECONDS))
        return +found

    def remove_some(self, locked: Run) -> int:
        return thin_some_rows(locked, Stream.SYSTEM, database_now())

    def is_done(self, run: Run) -> bool:
        return is_thinned(run, Stream.SYSTEM, since=ended_at(run))
