"""How a worker of the pool shows that it lives, and how its supervisor sees that."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "RUNBELL_BEAT_FILE"


def beat() -> None:
    """Say that this worker lives. Cheap, never raises, and does nothing where nobody watches."""
    path = os.environ.get(VARIABLE)
    if path:
        with suppress(OSError):
            os.utime(path)


class Pulse:
    """The beats of one cluster, and since when a question to it stands unanswered.

    Times are monotonic, and a beat is a *change* of the file's time: setting the host's clock kills nobody.
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
        self._beat_at: float | None = None
        self._asked_at = 0.0
        self._unanswered_since: float | None = None

    def is_time_to_ask(self) -> bool:
        """Questions never pile up: while one stands unanswered the next waits."""
        self._look()
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
        self._look()
        now, since = time.monotonic(), self._unanswered_since
        if since is None:
            return False
        patience = self._stale_seconds if self._beat_at else max(self._stale_seconds, self.START_SECONDS)
        return now - (self._beat_at or self._begun_at) > patience and now - since > patience / 2

    def _look(self) -> None:
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed != self._seen:
            self._seen = changed
            self._beat_at = time.monotonic()
            self._unanswered_since = None
