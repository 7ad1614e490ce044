"""Planned restarts: SIGTERM over a queue with due deliveries repeats nothing, and counts against no delivery."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import Stage
from tests.processes import Environment, Worker, alive_in, children, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

DELIVERIES, RESTARTS = 120, 4
STOPPED_SECONDS = 8


@pytest.fixture
def hosts(stage: Stage, tmp_path: Path) -> list[Environment]:
    """Two data folders with one key and one database, as two machines have them."""
    first = Path(stage.environment["RUNBELL_DATA_DIR"])
    database = stage.environment.get("DATABASE_URL") or f"sqlite:///{first / 'runbell.sqlite3'}"
    second = tmp_path / "second"
    second.mkdir()
    for key in ("secret.key", "fernet.key"):
        shutil.copy(first / key, second / key)
    return [
        {**stage.environment, "DATABASE_URL": database, "RUNBELL_DATA_DIR": str(folder)} for folder in (first, second)
    ]


def reached(stage: Stage, count: int) -> threading.Event:
    event = threading.Event()
    stage.receiver.at[count] = event.set
    return event


def wait_until_started(worker: Worker) -> None:
    """Before that nothing is there yet that could be stopped gracefully."""
    wait_until(lambda: children(worker.pid), 30, "a cluster begins")


def test_rolling_restarts_of_two_hosts_repeat_nothing_and_fail_nothing(stage: Stage, hosts: list[Environment]) -> None:
    stage.receiver.takes_seconds = 0.1
    moments = [reached(stage, 10 + number * DELIVERIES // RESTARTS) for number in range(RESTARTS)]
    with ExitStack() as running:
        workers = [running.enter_context(Worker(host)) for host in hosts]
        for worker in workers:
            worker.wait_for_a_heartbeat()
        stage.scene("burst", str(DELIVERIES))
        for number, moment in enumerate(moments):
            # In turn: who was stopped last has handed on what was due, so that this one is in the middle of it.
            place = number % len(hosts)
            assert moment.wait(60)
            wait_until_started(workers[place])
            workers[place].signal_group(signal.SIGTERM)
            workers[place].wait_until_ended(STOPPED_SECONDS)
            assert workers[place].process.returncode == 0
            workers[place] = running.enter_context(Worker(hosts[place]))
        stage.wait_until_delivered(DELIVERIES, 60)
    assert stage.receiver.extra == 0
    assert stage.scene("restart_traces").split() == ["0", "0"]


def test_a_stop_waits_for_what_is_under_way_and_gives_back_the_rest(stage: Stage) -> None:
    stage.receiver.takes_seconds = 1.5
    with Worker(stage.environment) as worker:
        worker.wait_for_a_heartbeat()
        # By the receiver itself: on a busy machine all may be over before `burst` has ended.
        stage.receiver.at[4] = lambda: worker.signal_group(signal.SIGTERM)
        stage.scene("burst", "20")
        worker.wait_until_ended(STOPPED_SECONDS)
        assert not alive_in(stage.environment)
    arrived = stage.receiver.arrived
    assert arrived < 20
    assert stage.states() == {"delivered": arrived, "pending": 20 - arrived}
    assert stage.scene("restart_traces").split() == ["0", "0"]


def test_a_receiver_that_hangs_is_not_waited_for_longer_than_the_setting_and_no_loss_is_counted(stage: Stage) -> None:
    stage.scene("prepare_hanging", stage.receiver.hanging_url)
    stage.scene("burst", "4", "stuck", "hanging")
    environment = {**stage.environment, "RUNBELL_STOP_SECONDS": "2", "RUNBELL_DELIVERY_DEADLINE_SECONDS": "30"}
    with Worker(environment) as worker:
        wait_until(lambda: stage.receiver.hanging == 4, 60, "all are under way")
        begun_at = time.monotonic()
        worker.signal_group(signal.SIGTERM)
        worker.wait_until_ended(STOPPED_SECONDS)
        assert time.monotonic() - begun_at > 0.9
    assert stage.states() == {"pending": 4}
    assert stage.scene("restart_traces").split() == ["0", "0"]
    # Free at once, and with the same id.
    with Worker(environment):
        wait_until(lambda: stage.receiver.hanging == 8, 60, "they are sent again")
