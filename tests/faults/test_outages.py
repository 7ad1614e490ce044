"""The database or Redis goes away in the middle of a flood, and comes back."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.faults.conftest import CONCURRENCY, Stage, prepared
from tests.faults.servers import Postgres, Redis, a_redis, postgres
from tests.processes import Worker, crowding, new_environment, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

DELIVERIES = 1_500
BACK_SECONDS = 15


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[tuple[Stage, Postgres]]:
    with postgres() as server, new_environment(tmp_path) as fresh:
        environment = {**fresh, "DATABASE_URL": server.url, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}
        for stage in prepared(environment):
            yield stage, server


@pytest.fixture
def with_redis(tmp_path: Path) -> Iterator[tuple[Stage, Redis]]:
    with a_redis(tmp_path) as server, new_environment(tmp_path / "data") as fresh:
        environment = {**fresh, "REDIS_URL": server.url, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}
        for stage in prepared(environment):
            yield stage, server


def reached(stage: Stage, count: int) -> threading.Event:
    event = threading.Event()
    stage.receiver.at[count] = event.set
    return event


def alarms_heard(receiver: HTTPServer) -> list[str]:
    """Give the alarms of the database that came; a backlog is one too."""
    alarms = [json.loads(request.data) for request, _answer in receiver.log]
    return [f"{one['alarm']} {one['state']}" for one in alarms if one["alarm"] == "database_away"]


def wait_until_it_goes_on(stage: Stage) -> None:
    # Or has ended: the alarm that it is over comes seconds after the database.
    there, came = stage.receiver.arrived, stage.receiver.bodies
    wait_until(lambda: stage.receiver.arrived > there or len(came) >= DELIVERIES, BACK_SECONDS, "deliveries go on")


def test_a_restart_of_postgresql_loses_nothing_and_is_told_meanwhile(
    on_postgres: tuple[Stage, Postgres], receiver: HTTPServer
) -> None:
    stage, server = on_postgres
    receiver.expect_request("/alarm").respond_with_data("")
    alarms = {"RUNBELL_ALARM_WEBHOOK_URL": receiver.url_for("/alarm"), "RUNBELL_ALARM_SILENT_SECONDS": "3"}
    stage.scene("burst", str(DELIVERIES))
    in_the_middle = reached(stage, 300)
    with Worker({**stage.environment, **alarms, "RUNBELL_ALARM_LOOK_SECONDS": "1"}) as worker:
        assert in_the_middle.wait(240)
        server.stop()
        wait_until(lambda: alarms_heard(receiver) == ["database_away firing"], 30, "the alarm is told")
        server.start()
        wait_until(lambda: alarms_heard(receiver)[1:] == ["database_away settled"], 30, "that it is over is told")
        wait_until_it_goes_on(stage)
        stage.wait_until_delivered(DELIVERIES, 120)
        assert worker.process.poll() is None
        restarts = worker.printed.count("a new one starts")
    stage.receiver.assert_repeats_are_the_same()
    print(f"\n{stage.receiver.extra} extra, {restarts} restarts of the cluster")
    # What was answered waits for the database, so only a cluster that was started anew forgets it.
    assert stage.receiver.extra <= CONCURRENCY * restarts


def test_a_database_that_is_locked_for_long_loses_nothing(stage: Stage) -> None:
    if "DATABASE_URL" in stage.environment:
        pytest.skip("it is SQLite that one writer locks; PostgreSQL is restarted instead")
    stage.scene("burst", str(DELIVERIES))
    in_the_middle = reached(stage, 300)
    with Worker(stage.environment) as worker:
        assert in_the_middle.wait(240)
        file = Path(stage.environment["RUNBELL_DATA_DIR"]) / "runbell.sqlite3"
        with sqlite3.connect(file, timeout=60, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            # Longer than the supervisor's patience.
            time.sleep(12)
            other.execute("ROLLBACK")
        other.close()
        wait_until_it_goes_on(stage)
        stage.wait_until_delivered(DELIVERIES, 120)
        assert worker.process.poll() is None
        restarts = worker.printed.count("a new one starts")
    stage.receiver.assert_repeats_are_the_same()
    print(f"\n{stage.receiver.extra} extra, {restarts} restarts of the cluster")
    assert stage.receiver.extra <= CONCURRENCY * restarts


def test_redis_killed_and_flushed_loses_nothing(with_redis: tuple[Stage, Redis]) -> None:
    stage, server = with_redis
    in_the_middle = reached(stage, 300)
    with Worker(stage.environment) as worker:
        worker.wait_until_idle()
        stage.scene("burst", str(DELIVERIES))
        assert in_the_middle.wait(240)
        server.kill()
        # Events go on without it, and their wake-ups are lost.
        stage.scene("burst", "20", "meanwhile")
        server.start()
        stage.scene("burst", "20", "after")
        begun_at = time.monotonic()
        wait_until(lambda: len(stage.receiver.bodies) >= DELIVERIES + 40, 60, "all arrive")
        stage.wait_until_delivered(DELIVERIES + 40, 60)
        # All is done. From here on nothing but a new event wakes it.
        stage.scene("burst", "1", "last")
        taken = wait_until(lambda: len(stage.receiver.bodies) == DELIVERIES + 41, BACK_SECONDS, "it is back")
        print(f"\nback {taken:.1f} s after; everything {time.monotonic() - begun_at:.1f} s after Redis came back")
        assert worker.process.poll() is None
        restarts = worker.printed.count("a new one starts")
    stage.receiver.assert_repeats_are_the_same()
    assert stage.receiver.extra <= CONCURRENCY * restarts


def test_without_redis_it_starts_and_judges_within_two_seconds(with_redis: tuple[Stage, Redis]) -> None:
    stage, server = with_redis
    server.kill()
    with Worker(stage.environment) as worker:
        worker.wait_until_idle()
        for number in range(3):
            stage.scene("fail", "1", f"alone{number}-")
            told_at = time.time()
            wait_until(lambda: len(stage.receiver.bodies) > number, 30, "it is delivered")  # noqa: B023
            late = max(stage.receiver.moments.values()) - told_at
            print(f"\n{late:.1f} s after the script had ended")
            assert late < 2 * crowding()
        assert "Redis does not answer" in worker.printed
        assert worker.printed.count("a new one starts") == 0
