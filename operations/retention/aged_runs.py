"""Aged runs: runs that are over for long, whose rows retention may remove. Pinned and linked ones keep theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from artifacts.models import Entry
from common.data.batches import batched
from common.data.database_clock import database_now
from events import ledger
from operations.retention.retention_kind import Cutoffs, RemovedBatch, RetentionKind
from projects.history.row_removal import remove_some_rows
from projects.history.row_tombstone import RowTombstone
from projects.models import HistoryChunk, Run, RunState
from projects.runs.lifecycle import lock_run

# A run with this tag is pinned: the SDK, REST and the run's page set tags.
PINNED = "pinned"
_OPEN = (RunState.RUNNING, RunState.PENDING)
_PAGE = 100


class AgedRuns(RetentionKind):
    """Something of runs that are over. Kept is that of runs tagged *pinned*, and of runs whose versions are linked."""

    def is_done(self, run: Run) -> bool:
        """Whether nothing of it is left to go, since it ended last."""
        raise NotImplementedError

    def among(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Leave those that may have some of it, where the database can say so."""
        return runs

    def remove_some(self, locked: Run) -> int:
        """Remove some of it from the locked run; give how much. `is_done` says when that was all."""
        raise NotImplementedError

    def remove_batch(self, cutoffs: Cutoffs, after: int) -> RemovedBatch:
        run = next(self.due_runs(cutoffs, after), None)
        if run is None:
            return RemovedBatch(0, None)
        with transaction.atomic():
            locked = lock_run(run)
            if not self._is_due(locked, cutoffs) or ledger.unprocessed([locked.stream_key]).exists():
                return RemovedBatch(0, run.pk)
            removed = self.remove_some(locked)
        return RemovedBatch(removed, run.pk if self.is_done(locked) else run.pk - 1)

    def due_runs(self, cutoffs: Cutoffs, after: int = 0) -> Iterator[Run]:
        """Give the runs behind this id of which something may go, page by page."""
        over = self.among(_over()) if cutoffs.default else self.among(_over()).filter(project__team__in=cutoffs.by_team)
        while page := list(over.filter(pk__gt=after).order_by("pk")[:_PAGE]):
            yield from (run for run in page if self._is_due(run, cutoffs))
            after = page[-1].pk

    def _is_due(self, run: Run, cutoffs: Cutoffs) -> bool:
        is_over = run.state not in _OPEN and cutoffs.is_due(run.project.team_id, ended_at(run))
        return is_over and PINNED not in run.tags and not self.is_done(run)


class RowsOfAgedRuns(AgedRuns):
    """Rows of one stream, but the last one of each run; counted are rows.

    A run's own row, its config, summary and console output stay.
    """

    stream: ClassVar[str]

    def count_due(self, cutoffs: Cutoffs) -> Counter[int | None]:
        found: Counter[int | None] = Counter()
        for runs in batched(self.due_runs(cutoffs), _PAGE):
            chunks = HistoryChunk.objects.filter(run__in=[run.pk for run in runs], stream=self.stream)
            sums = (
                chunks.order_by()
                .values_list("run__project__team")
                .annotate(rows=Sum("row_count"), runs=Count("run", distinct=True))
            )
            for team, rows, count in sums:
                found[team] += rows - count
        return +found

    def remove_some(self, locked: Run) -> int:
        return remove_some_rows(locked, self.stream, database_now())

    def is_done(self, run: Run) -> bool:
        """Whether only the last row is left; a run that went on since then has others."""
        tombstone = RowTombstone.of(run, self.stream)
        return tombstone is not None and tombstone.is_complete and tombstone.at >= ended_at(run)


def ended_at(run: Run) -> datetime:
    """Give since when the run is over."""
    return run.finished_at or run.heartbeat_at


def _over() -> QuerySet[Run]:
    """Give the runs that are over and of which no version is linked anywhere."""
    linked = Entry.objects.filter(version__run=OuterRef("pk"), collection__holds_links=True)
    rows = Run.objects.exclude(state__in=_OPEN).exclude(Exists(linked)).select_related("project")
    return rows.only("state", "tags", "finished_at", "heartbeat_at", "removed_rows", "project__team")
