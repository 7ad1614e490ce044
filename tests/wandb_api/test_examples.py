"""The examples are scripts as people write them: they run unchanged, and what they log is here."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.processes import ROOT
from tests.wandb_api.sdk import Runbell, finish

EXAMPLES = {
    "wandb_loop": ("plain loop", 40, {"loss", "epoch", "line"}),
    "wandb_sklearn": ("digits", 15, {"val/accuracy", "val/loss", "train/accuracy"}),
    "wandb_xgboost": ("boosted trees", 30, {"validation-rmse"}),
}


@pytest.mark.processes
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_unchanged_and_what_it_logs_is_here(runbell: Runbell, example: str) -> None:
    name, least_rows, metrics = EXAMPLES[example]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / f"{example}.py")],
        cwd=runbell.folder,
        env=runbell.variables_of("bob"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    done = finish(process)
    assert done.exit_code == 0, done.printed
    (run,) = [run for run in runs(runbell) if run["display_name"] == name]
    assert (run["state"], run["user"]) == ("finished", "bob")
    rows = runbell.rows(run["name"], project="examples")
    assert len(rows) >= least_rows
    assert metrics <= {key for row in rows for key in row}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_knows_nothing_of_us(example: str) -> None:
    assert "runbell" not in (ROOT / "examples" / f"{example}.py").read_text().lower()


def runs(runbell: Runbell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = runbell.ask_rest("projects/acme/examples/runs")["results"]
    return found
