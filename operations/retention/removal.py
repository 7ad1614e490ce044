"""Removal of what is older than it is kept: a little at a time while serving, or all of it now.

Each batch is a short transaction, and how far it came stands in the database: who is killed goes on there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from common.data.database_clock import database_now
from operations.models import RetentionProgress
from operations.retention.cutoffs import cutoffs_of
from operations.retention.retention_kind import RetentionKind, registry

logger = logging.getLogger(__name__)

# From the end of one pass over a kind to the next.
EACH_SECONDS = 3600
# How long one turn of the sweep goes on: deliveries wait meanwhile.
_TURN_SECONDS = 0.2
# So long nobody else begins with a kind that somebody is at, or was when they were killed.
_HELD_SECONDS = 60


def remove_some() -> int:
    """Remove for a moment, of one kind, where it is due; give how many rows went. For the sweep."""
    now = database_now()
    row = RetentionProgress.objects.filter(due_at__lte=now).order_by("due_at").first()
    if row is None:
        _begin_new_kinds()
        return 0
    held = RetentionProgress.objects.filter(pk=row.pk, due_at=row.due_at)
    if row.kind not in registry:
        # Of a version that knew more kinds.
        held.delete()
        return 0
    if not held.update(due_at=now + timedelta(seconds=_HELD_SECONDS)):
        return 0
    return _turn(registry.get(row.kind), row.after)


def _begin_new_kinds() -> None:
    """Make kinds that are new here due at the next turn."""
    known = set(RetentionProgress.objects.values_list("kind", flat=True))
    now = database_now()
    new = [RetentionProgress(kind=kind.key, due_at=now) for kind in registry if kind.key not in known]
    RetentionProgress.objects.bulk_create(new, ignore_conflicts=True)


def _turn(kind: type[RetentionKind], start: int) -> int:
    until, removed, after = time.monotonic() + _TURN_SECONDS, 0, None
    for batch, reached in _batches(kind, start):
        removed, after = removed + batch, reached
        if time.monotonic() >= until:
            break
    due_at = database_now() + timedelta(seconds=EACH_SECONDS if after is None else 0)
    RetentionProgress.objects.filter(pk=kind.key).update(after=after or 0, due_at=due_at)
    if removed:
        logger.info("retention: %s rows of %s removed", removed, kind.key)
    return removed


def remove_all(kind: type[RetentionKind]) -> int:
    """Remove all that is due of the kind, batch by batch; give how many rows went."""
    return sum(removed for removed, _after in _batches(kind, 0))


def _batches(kind: type[RetentionKind], start: int) -> Iterator[tuple[int, int | None]]:
    """Remove batch after batch; give how many rows went, and behind which id the next looks: None at the end."""
    cutoffs, doing, after = cutoffs_of(kind), kind(), start
    while cutoffs.newest is not None:
        batch = doing.remove_batch(cutoffs, after)
        yield batch.removed, batch.after
        # Behind 0, which is the beginning, there may be more: of a run with the id 1.
        if batch.after is None:
            return
        after = batch.after
