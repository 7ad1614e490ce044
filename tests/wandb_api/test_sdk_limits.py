"""What the unchanged SDK makes of our limits: it waits where it is told to, and goes on where something is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wandb_api.sdk import Runbell, running

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runbell]:
    """A Runbell that takes two requests a second of one key, and small runs."""
    limits = {
        "RUNBELL_RATE_LIMIT_KEY": "2,3", "RUNBELL_MOST_METRICS": "20", "RUNBELL_CONFIG_LIMIT_MB": "1",
    }  # fmt: skip
    with running(tmp_path_factory.mktemp("limited"), **limits) as started:
        yield started


@pytest.fixture
def runbell(limited: Runbell, tmp_path: Path) -> Runbell:
    return Runbell(limited.url, limited.environment, tmp_path, limited.keys)


def test_a_script_that_is_told_to_wait_loses_nothing(runbell: Runbell) -> None:
    """A start takes more requests at once than pass."""
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="slowed", config={"lr": 0.1})
        for step in range(30):
            run.log({"loss": step})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert [row["loss"] for row in runbell.stored_rows("slowed")] == list(range(30))


def test_a_script_that_logs_too_many_metrics_ends_well_and_its_run_says_so(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="wide")
        for step in range(30):
            run.log({"loss": step, f"key{step}": 1})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert [row["loss"] for row in runbell.stored_rows("wide")] == list(range(30))
    run = runbell.ask_rest("projects/acme/mnist/runs/wide", person="bob")
    assert run["state"] == "finished"
    assert "RUNBELL_MOST_METRICS" in run["left_out"]["rows"]["message"]


def test_a_config_that_grows_too_large_while_a_script_runs_ends_it_not(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        run = wandb.init(entity="acme", project="mnist", id="grown", config={"lr": 0.1})
        run.log({"loss": 1})
        run.config.update({"text": "x" * 2**21})
        run.log({"loss": 2})
        run.finish()
        """
    )
    assert done.exit_code == 0, done.printed
    assert [row["loss"] for row in runbell.stored_rows("grown")] == [1, 2]
    assert runbell.ask_rest("projects/acme/mnist/runs/grown", person="bob")["config"] == {"lr": 0.1}
