"""Keep one of django-q2's clusters working.

Left alone it stands still for ever after the kill of an idle worker, of its sentinel or of its main process,
and after a SIGTERM to its process group; all the while its processes look alive (docs/engine.md).
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.processes import LOOK_SECONDS, Child, StopSignal, stop_all
from events import heartbeat, queue

logger = logging.getLogger(__name__)

# Whoever stops us waits 5 s.
_STOP_SECONDS = 4
# A cluster that ends sooner than this cannot start, such as while Redis is down: pause before the next try.
_SHORT_LIFE_SECONDS, _PAUSE_SECONDS = 10, 2
# Beats come each second. A file this old was left by a supervisor that was killed.
_LEFT_SECONDS = 3600


def supervise(folder: Path, *, stale_seconds: float, stop: StopSignal) -> None:
    """Run clusters, one after the other, until the stop signal; then leave no process behind."""
    with _beat_file(folder) as file:
        pulse = heartbeat.Pulse(file, stale_seconds=stale_seconds)
        # In a thread: a locked or absent database may hold it up, and must not hold up the watch.
        threading.Thread(target=_ask_for_ever, args=(pulse,), daemon=True).start()
        while not stop.came:
            _run_cluster(pulse, file, stop)


def _run_cluster(pulse: heartbeat.Pulse, file: Path, stop: StopSignal) -> None:
    """Run one until it ends, falls silent, or the stop signal comes. Nothing of it is left then."""
    pulse.begin()
    started_at = time.monotonic()
    # Checked already, by us; once more would take a second of each restart, and the memory of every page's code.
    cluster = Child("manage.py", "qcluster", "--skip-checks", environment={heartbeat.VARIABLE: str(file)})
    try:
        while not (stop.came or cluster.has_ended() or pulse.is_stale()):
            time.sleep(LOOK_SECONDS)
        if stop.came:
            stop_all([cluster], _STOP_SECONDS)
            return
        what = "ended" if cluster.has_ended() else "gave no sign of life"
    finally:
        cluster.kill()
    lived = time.monotonic() - started_at
    logger.warning("the cluster %s after %.0f s; a new one starts", what, lived)
    if lived < _SHORT_LIFE_SECONDS:
        _pause(stop)


def _pause(stop: StopSignal) -> None:
    until = time.monotonic() + _PAUSE_SECONDS
    while not stop.came and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


def _ask_for_ever(pulse: heartbeat.Pulse) -> None:
    while True:
        if pulse.is_time_to_ask() and _ask():
            pulse.note_question()
        time.sleep(LOOK_SECONDS)


def _ask() -> bool:
    try:
        return queue.sweep()
    except Exception as error:
        # Whatever it is, such as Redis being away: the next second asks again.
        logger.warning("a sweep could not be asked for: %s", error.__class__.__name__)
        return True


@contextmanager
def _beat_file(folder: Path) -> Iterator[Path]:
    """Give a file that no other supervisor has, also where several hosts share the folder."""
    for left in folder.glob("beat-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()
    handle, name = tempfile.mkstemp(prefix="beat-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
