"""What happens when workers die: with real processes and a real receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Environment, Worker, alive_in, kill, manage, new_environment, run_module, wait_until
from tests.receiving import Tally

pytestmark = pytest.mark.processes


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with new_environment(tmp_path) as fresh:
        yield {**fresh, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}


@pytest.fixture
def receiver(environment: Environment) -> Iterator[Tally]:
    manage(environment, "migrate", "--verbosity=0")
    with Tally() as server:
        run_module(environment, "tests.stories.scene", "prepare", server.url)
        yield server
        server.stop()


def states(environment: Environment) -> dict[str, int]:
    found: dict[str, int] = json.loads(run_module(environment, "tests.stories.scene", "states"))
    return found


def test_a_killed_worker_loses_no_delivery_and_repeats_with_the_same_id(
    environment: Environment, receiver: Tally
) -> None:
    killed = threading.Event()

    def kill_everything() -> None:
        kill(alive_in(environment))
        killed.set()

    receiver.at[100] = kill_everything
    run_module(environment, "tests.stories.scene", "fail", "500")
    with Worker(environment):
        assert killed.wait(240)
    assert len(receiver.bodies) < 500, "the kill came too late to show anything"
    with Worker(environment):
        wait_until(lambda: len(receiver.runs) == 500, 120, "all deliveries")
        wait_until(lambda: states(environment) == {"delivered": 500}, 60, "all finished")
    receiver.assert_repeats_are_the_same()
    # One kill, and at most four under way to one receiver: from the first byte until what came of it is stored.
    assert receiver.extra <= 4


def test_a_worker_that_was_down_catches_up_when_it_is_back(environment: Environment, receiver: Tally) -> None:
    run_module(environment, "tests.stories.scene", "fail", "20")
    assert receiver.bodies == {}
    with Worker(environment):
        wait_until(lambda: len(receiver.runs) == 20, 60, "all deliveries")
