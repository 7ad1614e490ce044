"""`kill -9` of the process that compacts history: nothing is lost, nothing is doubled, the next pass finishes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, Environment, manage, new_environment, run_module

pytestmark = pytest.mark.processes

COMPACTING = "tests.operations.compacting"
# As tests/operations/compacting.py fills it.
CHUNKS, ROWS = 300, 15_000


def compacting(environment: Environment) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", COMPACTING, "compact"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_killed_compaction_loses_no_row_doubles_none_and_the_next_pass_finishes(tmp_path: Path) -> None:
    with new_environment(tmp_path) as environment:
        manage(environment, "migrate", "--verbosity=0")
        before = json.loads(run_module(environment, COMPACTING, "fill"))
        assert (before["rows"], before["open"], before["bytes_wrong"]) == (ROWS, CHUNKS, 0)

        # Chunks are deleted and the merged one is written: neither is committed.
        with compacting({**environment, "RUNBELL_CRASH_AT": "history.merging"}) as in_a_merge:
            assert in_a_merge.wait() == -signal.SIGKILL

        with compacting(environment) as between:
            assert between.stdout is not None
            assert json.loads(between.stdout.readline()) == before
            merged = [int(between.stdout.readline()) for _turn in range(4)]
            between.kill()
        assert sum(merged) > 0

        with compacting(environment) as last:
            assert last.stdout is not None
            there, *turns, after = last.stdout.read().splitlines()
        assert last.returncode == 0
        for said in (json.loads(there), json.loads(after)):
            assert (said["digest"], said["rows"], said["bytes_wrong"]) == (before["digest"], ROWS, 0)
        assert 0 < json.loads(there)["open"] < CHUNKS
        assert sum(map(int, turns)) > 0
        # 2,048 rows at most in one.
        assert (json.loads(after)["chunks"], json.loads(after)["open"]) == (12, 0)
