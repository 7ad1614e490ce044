"""A crash at each named point of the engine: nothing is lost, and the least is repeated."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.processes.crash_points import POINTS
from tests.faults.conftest import CONCURRENCY, Stage, prepared
from tests.processes import ROOT, Environment, Worker, new_environment, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

# Where a receiver may have got what is not stored yet.
_MAY_REPEAT = {"delivery.sending", "delivery.sent", "delivery.unstored", "delivery.storing", "delivery.stored"}
_IN_THE_DOOR = ("event.written", "event.committed")
# Of the engine; what is beside it has its kills in tests of its own (compaction and exports, in tests/operations).
_IN_THE_WORKER = [point for point in POINTS if point.startswith(("event.", "delivery.")) and point not in _IN_THE_DOOR]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with new_environment(tmp_path_factory.mktemp("crashes")) as fresh:
        yield from prepared({**fresh, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"})


def crashing(stage: Stage, point: str) -> Environment:
    return {**stage.environment, "RUNBELL_CRASH_AT": point}


def has_crashed(stage: Stage, point: str) -> bool:
    return (Path(stage.environment["RUNBELL_DATA_DIR"]) / f"crashed-{point}").exists()


@pytest.mark.parametrize("point", _IN_THE_WORKER)
def test_a_worker_that_dies_there_loses_nothing(shared: Stage, point: str) -> None:
    receiver, there = shared.receiver, len(shared.receiver.bodies)
    extra = receiver.extra
    shared.scene("burst", "60", f"{point}-")
    with Worker(crashing(shared, point)) as worker:
        wait_until(lambda: has_crashed(shared, point), 60, f"a crash at {point}")
        shared.wait_until_delivered(there + 60, 60)
        assert worker.process.poll() is None
    receiver.assert_repeats_are_the_same()
    assert receiver.extra - extra <= (CONCURRENCY if point in _MAY_REPEAT else 0)


@pytest.mark.parametrize("point", _IN_THE_DOOR)
def test_a_door_that_dies_there_has_told_of_what_it_did_and_of_nothing_else(shared: Stage, point: str) -> None:
    receiver, there = shared.receiver, len(shared.receiver.bodies)
    extra = receiver.extra
    shared.scene("start", "1", f"{point}-")
    died = subprocess.run(
        [sys.executable, "-m", "tests.stories.scene", "finish", "1", f"{point}-"],
        cwd=ROOT,
        env=crashing(shared, point),
    )
    assert died.returncode == -signal.SIGKILL
    with Worker(shared.environment) as worker:
        if point == "event.committed":
            shared.wait_until_delivered(there + 1, 60)
        else:
            worker.wait_until_idle()
            assert len(receiver.bodies) == there
        # As a client does that got no answer.
        shared.scene("finish", "1", f"{point}-")
        shared.wait_until_delivered(there + 1, 60)
    receiver.assert_repeats_are_the_same()
    assert receiver.extra == extra


def test_a_point_that_is_none_stops_the_start_with_the_list(shared: Stage) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=crashing(shared, "delivery.begun"),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert f"RUNBELL_CRASH_AT must be one of {', '.join(POINTS)}, not 'delivery.begun'" in done.stderr
