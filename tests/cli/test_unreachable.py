"""What cannot be reached when `serve` starts: the database ends it in one sentence, the others are warned of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from operations.checks import outside_service
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


def test_what_is_away_is_warned_of_once_and_told_by_readyz(
    db: None, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    settings.S3_ENDPOINT, settings.FILES_ELSEWHERE = f"http://127.0.0.1:{port}", True
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    said = [
        "EMAIL_URL: the mail server cannot be used now (ConnectionRefusedError)",
        "RUNBELL_ARTIFACT_FILES: RUNBELL_S3_ENDPOINT cannot be reached now (The connection was refused).",
    ]
    monkeypatch.setattr(outside_service, "_seen", [])
    for _ in range(2):
        monkeypatch.setattr(outside_service, "_look_at", [0.0])
        outside_service.watch()
    assert caplog.messages == said
    assert Client().get("/readyz?only=web").json()["warnings"] == said
