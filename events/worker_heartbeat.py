"""Worker heartbeat: a file that the supervisor's watchdog looks at, and a row for whoever watches from elsewhere."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, connection

from common.data.database_clock import database_now
from common.statements import compiled_statements
from events import prometheus_counts
from events.models import WorkerHeartbeat

HEARTBEAT_FILE_VARIABLE = "RUNBELL_HEARTBEAT_FILE"
# How often the row is written, and how long one is kept that nobody writes any more.
_WRITTEN_SECONDS, _KEPT = 1.0, timedelta(days=1)
_written_at = [-_WRITTEN_SECONDS]


def record_worker_heartbeat() -> None:
    """Heartbeat of this worker. Cheap, never raises, and does nothing where nobody watches."""
    if touch():
        _write(row_name())
        prometheus_counts.flush_when_due()


def touch() -> bool:
    """Let the supervisor see that this worker lives, whatever the database does; give whether one watches."""
    path = os.environ.get(HEARTBEAT_FILE_VARIABLE)
    if path:
        with suppress(OSError):
            os.utime(path)
    return bool(path)


def row_name() -> str:
    """Give the name of this worker's row; blank where nobody watches it."""
    path = os.environ.get(HEARTBEAT_FILE_VARIABLE)
    return f"{platform.node()[:64]} {Path(path).name}" if path else ""


def write_row(name: str) -> datetime:
    """Write the row of this worker now, in the caller's transaction; give the moment that stands in it."""
    _written_at[0], beat_at = time.monotonic(), database_now()
    if not compiled_statements.update(WorkerHeartbeat, [name], {"beat_at": beat_at}):
        WorkerHeartbeat.objects.filter(beat_at__lt=beat_at - _KEPT).delete()
        WorkerHeartbeat.objects.bulk_create([WorkerHeartbeat(name=name, beat_at=beat_at)], ignore_conflicts=True)
    return beat_at


def youngest_seconds() -> float | None:
    """Give how long ago the last worker of all gave a sign of life; None where there has been none."""
    beat_at = WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    return None if beat_at is None else max((database_now() - beat_at).total_seconds(), 0.0)


def alive_count(seconds: float) -> int:
    """Give how many workers have given a sign of life within this time."""
    return WorkerHeartbeat.objects.filter(beat_at__gt=database_now() - timedelta(seconds=seconds)).count()


def _write(name: str) -> None:
    """Write the row of this worker, where it is time for that: outside of transactions, which it would prolong."""
    now = time.monotonic()
    if now - _written_at[0] < _WRITTEN_SECONDS or connection.in_atomic_block:
        return
    _written_at[0] = now
    # A database that is away is told of by what follows.
    with suppress(DatabaseError):
        write_row(name)


class ClusterHeartbeat:
    """The heartbeat of one cluster, and since when a question to it stands unanswered.

    Times are monotonic, and a heartbeat is a *change* of the file's time: setting the host's clock kills nobody.
    """

    # A question is put again after this time, and then at this pace: another host's worker may have taken it.
    ASK_SECONDS, PATIENT_SECONDS, IMPATIENT_SECONDS = 1.0, 2.0, 0.5
    START_SECONDS = 20.0

    def __init__(self, file: Path, *, stale_seconds: float) -> None:
        self._file = file
        self._stale_seconds = stale_seconds
        self.begin()

    def begin(self) -> None:
        """A new cluster starts: nothing was asked of it, and it has time to come up."""
        self._file.touch(mode=0o600)
        self._seen = self._file.stat().st_mtime_ns
        self._begun_at = time.monotonic()
        self._heartbeat_at: float | None = None
        self._asked_at = 0.0
        self._unanswered_since: float | None = None

    def is_time_to_ask(self) -> bool:
        """Questions never pile up: while one stands unanswered the next waits."""
        self._read_file_time()
        now, since = time.monotonic(), self._unanswered_since
        if since is None:
            return now - self._asked_at >= self.ASK_SECONDS
        return now - since >= self.PATIENT_SECONDS and now - self._asked_at >= self.IMPATIENT_SECONDS

    def note_question(self) -> None:
        self._asked_at = time.monotonic()
        if self._unanswered_since is None:
            self._unanswered_since = self._asked_at

    def is_stale(self) -> bool:
        """Whether it was asked, had its time, and gave no sign.

        Without a question there is no verdict: while the database is away the pool has nothing to answer.
        """
        self._read_file_time()
        now, since = time.monotonic(), self._unanswered_since
        if since is None:
            return False
        patience = self._stale_seconds if self._heartbeat_at else max(self._stale_seconds, self.START_SECONDS)
        return now - (self._heartbeat_at or self._begun_at) > patience and now - since > patience / 2

    def _read_file_time(self) -> None:
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed != self._seen:
            self._seen = changed
            self._heartbeat_at = time.monotonic()
            self._unanswered_since = None
