"""Retention of files of runs: what they hold goes; that a run had them stays."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from common.data.batches import batched
from operations.retention.aged_runs import AgedRuns
from operations.retention.retention_kind import Cutoffs, registry
from projects.models import Run, RunFile

_PAGE = 100


@registry.register
class RunFileRetention(AgedRuns):
    """Contents of files of runs that are over, neither pinned nor linked. Names stay; artifacts keep what is theirs."""

    key = "run_files"
    label = _("Files of runs")

    def count_due(self, cutoffs: Cutoffs) -> Counter[int | None]:
        found: Counter[int | None] = Counter()
        for runs in batched(self.due_runs(cutoffs), _PAGE):
            files = RunFile.objects.filter(run__in=[run.pk for run in runs], content__isnull=False).order_by()
            for team, count in files.values_list("run__project__team").annotate(count=Count("pk")):
                found[team] += count
        return +found

    def among(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        return runs.filter(Exists(RunFile.objects.filter(run=OuterRef("pk"), content__isnull=False)))

    def remove_some(self, locked: Run) -> int:
        # What nothing points at any more is freed by `projects.file_storage.garbage_collection`.
        return locked.files.filter(content__isnull=False).update(content=None)

    def is_done(self, run: Run) -> bool:
        return not run.files.filter(content__isnull=False).exists()
