from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from operations import migrating
from tests.processes import ROOT, Environment, new_environment

# What `serve` does before it starts web and worker.
_START = """
import sys, pathlib, django
django.setup()
from operations import first_start, migrating
with migrating.lock():
    migrating.migrate_or_refuse()
    made = first_start.prepare(pathlib.Path(sys.argv[1]))
print(made is not None)
"""
_HOLD = """
import django
django.setup()
from operations import migrating
with migrating.lock():
    print("held", flush=True)
    input()
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with new_environment(tmp_path / "data") as variables:
        yield variables


@pytest.mark.processes
def test_three_replicas_that_start_at_once_make_one_database(environment: Environment, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()
    replicas = [_python(environment, _START, str(folder)) for folder in folders]

    said = [replica.communicate(timeout=120) for replica in replicas]

    assert [replica.returncode for replica in replicas] == [0, 0, 0], said
    assert sorted(printed for printed, _log in said) == ["False\n", "False\n", "True\n"]
    assert sum("Another process migrates this database" in log for _printed, log in said) == 2


@pytest.mark.processes
def test_the_lock_goes_with_the_process_that_holds_it(environment: Environment) -> None:
    with _python(environment, _HOLD) as first:
        assert first.stdout is not None
        first.stdout.readline()
        second = _python(environment, _HOLD)
        assert second.stderr is not None
        assert "Waiting for it" in second.stderr.readline()
        first.kill()
        assert second.communicate("\n", timeout=30)[0] == "held\n"


@pytest.mark.django_db
def test_with_runbell_migrate_false_a_start_refuses_what_is_not_migrated(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATE = False
    migrating.migrate_or_refuse()
    monkeypatch.setattr(migrating, "missing", lambda: 2)

    with pytest.raises(CommandError, match="^2 migrations are not applied, and RUNBELL_MIGRATE is false. Run `runbell"):
        migrating.migrate_or_refuse()


@pytest.mark.django_db
def test_who_is_stopped_waits_no_longer() -> None:
    with pytest.raises(migrating.StoppedWaiting):
        migrating._wait(lambda: False, lambda: True)


@pytest.mark.django_db
def test_a_migrate_within_the_lock_does_not_wait_for_it() -> None:
    with migrating.lock(connection):
        call_command("migrate", "--plan", verbosity=0)


def _python(environment: Environment, code: str, *arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
