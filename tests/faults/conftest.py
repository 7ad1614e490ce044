"""A Runbell of its own for each module of faults, with a receiver that tallies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.processes import Environment, manage, new_environment, run_module, wait_until
from tests.receiving import Tally

CONCURRENCY = 4


@dataclass
class Stage:
    """A database, and a receiver that an automation calls for each run that fails."""

    environment: Environment
    receiver: Tally

    def scene(self, *words: str) -> str:
        return run_module(self.environment, "tests.stories.scene", *words)

    def states(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.scene("states"))
        return found

    def timed_failures(self, count: int) -> dict[str, float]:
        """Let so many runs fail, 20 a second, and give the moment of each commit."""
        found: dict[str, float] = json.loads(self.scene("fail_slowly", str(count)))
        return found

    def wait_until_delivered(self, count: int, seconds: float) -> None:
        """Wait until so many runs were told of, and that is written down."""
        wait_until(lambda: len(self.receiver.bodies) >= count, seconds, f"{count} arrive")
        wait_until(lambda: self.states() == {"delivered": count}, 60, f"{count} are finished")


def prepared(environment: Environment) -> Iterator[Stage]:
    manage(environment, "migrate", "--verbosity=0")
    with Tally(takes_seconds=0.001) as receiver:
        run_module(environment, "tests.stories.scene", "prepare", receiver.url)
        yield Stage(environment, receiver)
        receiver.stop()


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with new_environment(tmp_path_factory.mktemp("faults")) as fresh:
        yield from prepared({**fresh, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"})
