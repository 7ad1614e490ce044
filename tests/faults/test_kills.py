"""Workers that are killed in the middle of a flood, and deliveries that kill their worker."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import CONCURRENCY, Stage
from tests.processes import Worker, kill, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

DELIVERIES, KILLS = 10_000, 10


def test_ten_kills_in_ten_thousand_deliveries_lose_none(stage: Stage) -> None:
    receiver = stage.receiver
    stage.scene("burst", str(DELIVERIES))
    killed = []

    def kill_the_worker() -> None:
        # Every other time with the cluster above it, which the supervisor starts anew.
        victims = worker.forks if len(killed) % 2 else [*worker.forks, worker.main]
        killed.append(victims)
        kill(victims)

    for number in range(KILLS):
        receiver.at[500 + 900 * number] = kill_the_worker
    with Worker(stage.environment) as worker:
        stage.wait_until_delivered(DELIVERIES, 300)
        assert worker.process.poll() is None
    assert len(killed) == KILLS
    receiver.assert_repeats_are_the_same()
    print(f"\n{receiver.extra} extra after {KILLS} kills in {DELIVERIES:,} deliveries")
    assert receiver.extra <= KILLS * CONCURRENCY


def test_a_delivery_that_kills_its_worker_three_times_is_set_aside_and_stops_no_other(stage: Stage) -> None:
    receiver = stage.receiver
    with Worker(stage.environment) as worker:
        worker.wait_until_idle()
        receiver.about[b"poison"] = lambda: kill(worker.forks)
        stage.scene("fail", "1", "poison")
        stage.scene("burst", "50", "healthy")
        wait_until(lambda: stage.states() == {"delivered": 50, "failed": 1}, 120, "the one is set aside")
    assert json.loads(stage.scene("failures")) == ["Set aside: sending it took the worker down 3 times."]
    assert [len(bodies) for bodies in receiver.bodies.values() if b"poison" in bodies[0]] == [3]
    receiver.assert_repeats_are_the_same()
