"""Turns of the table walks: a little at a time while serving, under a lease, or all of it now.

How far one came stands in the database: who is killed goes on there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from common.data.database_clock import database_now
from operations.compaction.table_walk import TableWalk, WalkedBatch, registry
from operations.models import WalkProgress

logger = logging.getLogger(__name__)

# From the end of one pass to the next; and after an upgrade, while the version before may still read, to the first.
EACH_SECONDS = 900
# How long one turn of the sweep goes on: deliveries wait meanwhile.
_TURN_SECONDS = 0.2
# So long nobody else begins with one that somebody is at, or was when they were killed.
_HELD_SECONDS = 60


def walk_some() -> int:
    """Go on for a moment with the walk that is due, where one is; give how many rows changed. For the sweep."""
    now = database_now()
    known = [walk.key for walk in registry]
    row = WalkProgress.objects.filter(name__in=known, due_at__lte=now).order_by("due_at").first()
    if row is None:
        _begin_new(known)
        return 0
    held = WalkProgress.objects.filter(pk=row.pk, due_at=row.due_at)
    if not held.update(due_at=now + timedelta(seconds=_HELD_SECONDS)):
        return 0
    return _turn(registry.get(row.name), row.after)


def walk_all(walk: type[TableWalk]) -> int:
    """Go to the end, from the beginning; give how many rows changed."""
    return sum(batch.changed for batch in _batches(walk, 0))


def _begin_new(known: list[str]) -> None:
    there = set(WalkProgress.objects.values_list("name", flat=True))
    due_at = database_now() + timedelta(seconds=EACH_SECONDS)
    new = [WalkProgress(name=name, due_at=due_at) for name in known if name not in there]
    WalkProgress.objects.bulk_create(new, ignore_conflicts=True)


def _turn(walk: type[TableWalk], start: int) -> int:
    until, changed, batch = time.monotonic() + _TURN_SECONDS, 0, WalkedBatch(0, start, is_end=True)
    for batch in _batches(walk, start):
        changed += batch.changed
        if time.monotonic() >= until:
            break
    due_at = database_now() + timedelta(seconds=EACH_SECONDS if batch.is_end else 0)
    WalkProgress.objects.filter(pk=walk.key).update(after=batch.after, due_at=due_at)
    if changed:
        logger.info("%s: %s rows made smaller", walk.key, changed)
    return changed


def _batches(walk: type[TableWalk], start: int) -> Iterator[WalkedBatch]:
    doing, after = walk(), start
    while True:
        batch = doing.walk_batch(after)
        yield batch
        if batch.is_end:
            return
        after = batch.after
