"""What cannot be reached when `serve` starts: the database ends it in one sentence, the others are warned of."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.management.commands.serve import Command
from tests.processes import ROOT, free_port, new_environment


@pytest.mark.processes
def test_a_database_that_is_away_ends_the_start_in_one_sentence(tmp_path: Path) -> None:
    with new_environment(tmp_path) as environment:
        address = f"postgres://bell:hunter2@127.0.0.1:{free_port()}/bell"
        variables = {**environment, "DATABASE_URL": address, "REDIS_URL": "", "PORT": str(free_port())}
        command = [sys.executable, "manage.py", "serve"]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("CommandError: DATABASE_URL: the database cannot be used: ")
    assert ("Traceback" in done.stderr, "hunter2" in done.stderr) == (False, False)


def test_redis_and_s3_that_are_away_are_warned_of(settings: Any) -> None:
    said, port = io.StringIO(), free_port()
    settings.REDIS_URL, settings.S3_ENDPOINT = f"redis://:hunter2@127.0.0.1:{port}/0", None
    Command(stderr=said, no_color=True)._warn_of_unreachable()
    assert said.getvalue() == f"REDIS_URL: 127.0.0.1:{port} cannot be reached now (Connection refused).\n"
