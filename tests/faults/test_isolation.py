"""A receiver that hangs, and those beside it: with a real worker."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Stage
from tests.processes import Worker, crowding, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


def test_a_receiver_that_hangs_with_500_queued_keeps_50_others_waiting_a_second_at_most(stage: Stage) -> None:
    receiver = stage.receiver
    stage.scene("prepare_hanging", receiver.hanging_url)
    stage.scene("burst", "500", "stuck", "hanging")
    with Worker(stage.environment) as worker:
        worker.wait_until_idle()
        wait_until(lambda: stage.states() == {"pending": 500}, 60, "all of them are queued")
        committed = stage.timed_failures(50)
        wait_until(lambda: len(receiver.bodies) == 50, 60, "the healthy ones arrive")
    arrived = {run: min(receiver.moments[one] for one in ids) for run, ids in receiver.runs.items()}
    waits = sorted(arrived[run] - at for run, at in committed.items())
    print(f"\np50 {1000 * waits[25]:.0f} ms, p99 {1000 * waits[-1]:.0f} ms")
    assert waits[-1] <= 1.0 * crowding()
