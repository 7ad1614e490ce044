"""`make demo`: a real training, its real failure, and what reached the receiver."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import ROOT


@pytest.mark.processes
def test_the_demo_trains_twice_and_each_of_its_automations_fires_signed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"], cwd=ROOT, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("(signature right)") == 3
    assert "the loss is NaN; giving up" in done.stderr
