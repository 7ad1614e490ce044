"""Supervisor (watchdog) of django-q2's cluster: it restarts one that ended or shows no heartbeat.

Left alone it stands still for ever after the kill of an idle worker, of its sentinel or of its main process,
and after a SIGTERM to its process group; all the while its processes look alive (docs/engine.md).
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.processes.child_processes import POLL_SECONDS, SELDOM_SECONDS, Child, StopSignal
from events import task_queue, worker_drain, worker_heartbeat

logger = logging.getLogger(__name__)

# How long django-q2 has to end by itself once its workers are idle: what it has taken from the queue goes on to others.
_CLEAR_SECONDS = 4
# Beyond the time that workers have: to store what came back.
_SLACK_SECONDS = 2
# A cluster that ends sooner than this cannot start, such as while Redis is down: pause before the next try.
_SHORT_LIFE_SECONDS, _PAUSE_SECONDS = 10, 2
# How often it looks whether it is time to ask.
_ASK_SECONDS = 0.25
# Beats come each second. A file this old was left by a supervisor that was killed.
_LEFT_SECONDS = 3600


def supervise(
    folder: Path, *, stale_seconds: float, stop_seconds: float, stop: StopSignal, beside: Callable[[], object] = bool
) -> None:
    """Run clusters, one after the other, until the stop signal; then let the last one finish what is under way.

    `beside` starts what else goes on in threads of this process.
    """
    with _heartbeat_file(folder) as file:
        pulse = worker_heartbeat.ClusterHeartbeat(file, stale_seconds=stale_seconds)
        # The first shares our memory, which a later one cannot: beside a thread nothing is forked.
        cluster: Child | None = _start_cluster(file)
        beside()
        # In a thread: a locked or absent database may hold it up, and must not hold up the watch.
        threading.Thread(target=_ask_for_ever, args=(pulse,), daemon=True).start()
        while not stop.received:
            _watch(cluster or _start_cluster(file), pulse, file, stop, stop_seconds)
            cluster = None


def _start_cluster(file: Path) -> Child:
    environment = {worker_heartbeat.HEARTBEAT_FILE_VARIABLE: str(file)}
    # Checked already, by us; once more would take a second of each restart, and the memory of every page's code.
    return Child("manage.py", "qcluster", "--skip-checks", environment=environment, shares_memory=True)


def _watch(
    cluster: Child, pulse: worker_heartbeat.ClusterHeartbeat, file: Path, stop: StopSignal, stop_seconds: float
) -> None:
    """Watch one until it ends, falls silent, or the stop signal comes. Nothing of it is left then."""
    pulse.begin()
    started_at = time.monotonic()
    try:
        while not (stop.received or cluster.has_ended() or pulse.is_stale()):
            stop.wait(SELDOM_SECONDS)
        if stop.received:
            _drain(cluster, file, stop, stop_seconds)
            return
        what = "ended" if cluster.has_ended() else "gave no sign of life"
    finally:
        cluster.kill()
    lived = time.monotonic() - started_at
    logger.warning("the cluster %s after %.0f s; a new one starts", what, lived)
    if lived < _SHORT_LIFE_SECONDS:
        _pause(stop)


def _drain(cluster: Child, file: Path, stop: StopSignal, seconds: float) -> None:
    """Wait until the workers have finished what they had begun, for so long at most; not after a second signal."""
    worker_drain.ask_to_stop(file, seconds)
    cluster.terminate()
    latest = time.monotonic() + seconds + _SLACK_SECONDS
    idle_since: float | None = None
    while time.monotonic() < latest and not stop.is_urgent:
        if worker_drain.is_anybody_at_work(file):
            idle_since = None
        elif cluster.has_ended() or time.monotonic() - (idle_since or time.monotonic()) > _CLEAR_SECONDS:
            return
        else:
            idle_since = idle_since or time.monotonic()
        time.sleep(POLL_SECONDS / 2)


def _pause(stop: StopSignal) -> None:
    until = time.monotonic() + _PAUSE_SECONDS
    while not stop.received and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def _ask_for_ever(pulse: worker_heartbeat.ClusterHeartbeat) -> None:
    while True:
        if pulse.is_time_to_ask() and _ask():
            pulse.note_question()
        time.sleep(_ASK_SECONDS)


def _ask() -> bool:
    try:
        return task_queue.sweep()
    except Exception as error:
        # Whatever it is, such as Redis being away: the next second asks again.
        logger.warning("a sweep could not be asked for: %s", error.__class__.__name__)
        return True


@contextmanager
def _heartbeat_file(folder: Path) -> Iterator[Path]:
    """Give a file that no other supervisor has, also where several hosts share the folder."""
    for left in folder.glob("*beat-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()
    handle, name = tempfile.mkstemp(prefix=f"heartbeat-{os.getpid()}-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
