"""Carry out the deletions whose grace is over, a batch a transaction: after a kill the next turn goes on.

One process of all does so, for a moment at a time, so that deliveries do not wait for it.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from common.data.database_clock import database_now
from events import worker_heartbeat
from operations import recurring_jobs
from operations.deletion.cascade import Batch
from operations.deletion.deletable import registry
from operations.deletion.scheduling import record, waiting
from projects.file_storage.garbage_collection import free_files
from teams.models import Deletion

logger = logging.getLogger(__name__)
EACH_SECONDS = 5
_LONGEST_SECONDS = 2.0
_FILES_AT_ONCE = 50
# Where something stood in the way, so that it is tried again without end, and not without pause.
_PAUSE = timedelta(minutes=10)


def delete_what_is_due() -> None:
    """Go on with what is due. For the sweep."""
    if recurring_jobs.claim("deletions", every_seconds=EACH_SECONDS):
        purge(_LONGEST_SECONDS)


def purge(seconds: float) -> bool:
    """Delete for about so long; give whether nothing that is due is left."""
    end = time.monotonic() + seconds
    for deletion in waiting(Deletion.objects.filter(next_step_at__lte=database_now())).order_by("due_at", "pk"):
        try:
            if not _go_on(deletion, end):
                return False
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:
            logger.exception("deletion %s (%s) stumbled", deletion.pk, deletion)
            Deletion.objects.filter(pk=deletion.pk).update(
                problem=f"{type(error).__name__}: {error}"[:500], next_step_at=database_now() + _PAUSE
            )
    return True


def _go_on(deletion: Deletion, end: float) -> bool:
    """Give whether there is nothing left of it."""
    began = Deletion.objects.filter(pk=deletion.pk, undone_at=None, started_at=None).update(started_at=database_now())
    if not began and deletion.started_at is None:
        return True  # undone at this moment
    for batch in registry.get(deletion.kind).batches(deletion):
        _delete(deletion, batch)
        worker_heartbeat.record_worker_heartbeat()
        if time.monotonic() > end:
            return False
    # What a team had that is gone is nobody's.
    while count := free_files(_FILES_AT_ONCE, of=Q(team=deletion.team_id) | Q(team=None)):
        _note(deletion, "storedfile", count)
        worker_heartbeat.record_worker_heartbeat()
        if time.monotonic() > end:
            return False
    _finish(deletion)
    return True


def _delete(deletion: Deletion, batch: Batch) -> None:
    with transaction.atomic():
        count = batch.delete()
        if batch.table and count:
            _count(deletion, batch.table, count)
        Deletion.objects.filter(pk=deletion.pk).update(deleted=deletion.deleted, rows_seen=deletion.rows_seen)


def _note(deletion: Deletion, table: str, count: int) -> None:
    _count(deletion, table, count)
    Deletion.objects.filter(pk=deletion.pk).update(deleted=deletion.deleted)


def _count(deletion: Deletion, table: str, count: int) -> None:
    deletion.deleted = {**deletion.deleted, table: deletion.deleted.get(table, 0) + count}


def _finish(deletion: Deletion) -> None:
    with transaction.atomic():
        over = Deletion.objects.filter(pk=deletion.pk, finished_at=None)
        if over.update(finished_at=database_now(), problem=""):
            # Read anew: its team may be gone.
            record(Deletion.objects.get(pk=deletion.pk), "finish", after=deletion.deleted)
