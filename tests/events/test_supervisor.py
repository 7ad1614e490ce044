from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from events import worker_heartbeat, worker_supervisor
from events.worker_heartbeat import ClusterHeartbeat
from tests.processes import (
    Environment,
    Worker,
    alive_in,
    crowding,
    descendants,
    free_port,
    manage,
    new_environment,
    process_one_event,
    wait_until,
)

RECOVERED_SECONDS = 15
STOPPED_SECONDS = 5


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with new_environment(tmp_path_factory.mktemp("worker")) as variables:
        manage(variables, "migrate", "--verbosity=0")
        yield variables


@pytest.fixture
def worker(environment: Environment) -> Iterator[Worker]:
    with Worker(environment) as started:
        started.wait_until_idle()
        yield started


@pytest.mark.processes
@pytest.mark.parametrize("victims", ["pool", "sentinel", "main"])
def test_work_goes_on_after_a_kill(worker: Worker, victims: str) -> None:
    before = descendants(worker.pid)
    found = getattr(worker, victims)
    begun_at = time.monotonic()
    for pid in found if isinstance(found, list) else [found]:
        os.kill(pid, signal.SIGKILL)

    process_one_event(worker.environment)

    assert time.monotonic() - begun_at < RECOVERED_SECONDS * crowding()
    assert worker.process.poll() is None
    assert not set(before) & set(alive_in(worker.environment))


@pytest.mark.processes
def test_nothing_outlives_the_supervisor_even_when_it_is_killed(worker: Worker) -> None:
    os.kill(worker.pid, signal.SIGKILL)

    worker.process.wait()
    wait_until(lambda: not alive_in(worker.environment), 2, "no process left")


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_group_ends_it_cleanly(worker: Worker, number: signal.Signals) -> None:
    heartbeat_file = worker.heartbeat_file

    worker.signal_group(number)

    worker.wait_until_ended(STOPPED_SECONDS)
    assert worker.process.returncode == 0
    assert not alive_in(worker.environment)
    assert not heartbeat_file.exists()


@pytest.mark.processes
def test_a_signal_while_the_cluster_starts_ends_it_too(environment: Environment) -> None:
    with Worker(environment) as worker:
        wait_until(lambda: descendants(worker.pid), 10, "a cluster begins")
        worker.signal_group(signal.SIGTERM)

        worker.wait_until_ended(STOPPED_SECONDS)
        assert worker.process.returncode == 0
        assert not alive_in(worker.environment)


@pytest.mark.processes
@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs a redis-server of its own")
def test_work_goes_on_after_redis_was_away_and_came_back_empty(environment: Environment, tmp_path: Path) -> None:
    port = free_port()
    with _redis(port, tmp_path), Worker({**environment, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}) as worker:
        worker.wait_until_idle()
        _stop_redis(port)
        # Long enough for every part of the cluster to notice.
        time.sleep(3)
        with _redis(port, tmp_path):
            begun_at = time.monotonic()
            worker.wait_for_a_heartbeat(RECOVERED_SECONDS)
            process_one_event(worker.environment)
            assert time.monotonic() - begun_at < RECOVERED_SECONDS * crowding()
            assert worker.process.poll() is None


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(worker_heartbeat.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def pulse(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> ClusterHeartbeat:
    monkeypatch.setenv(worker_heartbeat.HEARTBEAT_FILE_VARIABLE, str(tmp_path / "heartbeat"))
    return ClusterHeartbeat(tmp_path / "heartbeat", stale_seconds=8)


def test_it_asks_each_second_while_it_is_answered(pulse: ClusterHeartbeat, clock: Clock) -> None:
    asked = 0
    for _ in range(100):
        if pulse.is_time_to_ask():
            asked += 1
            pulse.note_question()
            worker_heartbeat.record_worker_heartbeat()
        clock.now += 0.1

    assert asked == 10


def test_an_unanswered_question_is_not_repeated_at_once(pulse: ClusterHeartbeat, clock: Clock) -> None:
    pulse.note_question()
    clock.now += 1.9

    assert not pulse.is_time_to_ask()


def test_silence_after_a_question_is_stale(pulse: ClusterHeartbeat, clock: Clock) -> None:
    worker_heartbeat.record_worker_heartbeat()
    assert not pulse.is_stale()
    pulse.note_question()
    clock.now += 8.1

    assert pulse.is_stale()


def test_silence_without_a_question_is_no_verdict(pulse: ClusterHeartbeat, clock: Clock) -> None:
    worker_heartbeat.record_worker_heartbeat()
    assert not pulse.is_stale()
    clock.now += 3600

    assert not pulse.is_stale()


def test_a_late_question_gets_its_time(pulse: ClusterHeartbeat, clock: Clock) -> None:
    clock.now += 3600
    pulse.note_question()
    clock.now += 3

    assert not pulse.is_stale()


def test_a_cluster_that_starts_has_more_time(pulse: ClusterHeartbeat, clock: Clock) -> None:
    pulse.note_question()
    clock.now += 19

    assert not pulse.is_stale()
    clock.now += 2
    assert pulse.is_stale()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
def test_a_heartbeat_never_raises(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv(worker_heartbeat.HEARTBEAT_FILE_VARIABLE, path)

    worker_heartbeat.record_worker_heartbeat()


def test_a_question_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def away() -> None:
        raise redis.ConnectionError("connection to redis://:secret@host refused")

    monkeypatch.setattr(worker_supervisor.task_queue, "sweep", away)

    worker_supervisor._ask()

    assert caplog.messages == ["a sweep could not be asked for: ConnectionError"]


@contextmanager
def _redis(port: int, folder: Path) -> Iterator[None]:
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder), "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _is_up(port), 10, "Redis answers")
        yield
    finally:
        process.kill()
        process.wait()


def _is_up(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.ConnectionError:
        return False


def _stop_redis(port: int) -> None:
    redis.Redis(port=port).shutdown(nosave=True)
