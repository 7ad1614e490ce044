"""From SQLite to PostgreSQL by one command."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from events.models import WorkerHeartbeat
from operations.moving import sqlite_rows, to_postgresql
from tests.processes import ROOT, Environment, manage, new_environment, run_module

FILLED = "tests.operations.filled"


def _contents(environment: Environment) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_module(environment, FILLED, "report"))
    return found


@pytest.mark.processes
def test_everything_is_there_after_a_move_and_a_second_one_is_refused(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: a move leads to PostgreSQL; pytest --postgresql")
    with new_environment(tmp_path) as target:
        source = {**target, "DATABASE_URL": "", "REDIS_URL": ""}
        manage(source, "migrate", "--verbosity=0")
        run_module(source, FILLED, "fill")

        said = manage(source, "move_to_postgresql", target["DATABASE_URL"])

        here, there = _contents(source), _contents(target)
        assert there == here
        assert there["secret"] == {"TOKEN": "the value of the token"}
        assert "projects_run: 2 rows" in said
        command = [sys.executable, "manage.py", "move_to_postgresql", "-"]
        again = subprocess.run(
            command, cwd=ROOT, env=source, capture_output=True, text=True, input=target["DATABASE_URL"]
        )
        assert again.returncode == 1
        assert "There is data in the PostgreSQL database already" in again.stderr


@pytest.mark.django_db
def test_while_a_worker_lives_nothing_is_moved() -> None:
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=timezone.now())
    refused = pytest.raises(CommandError, match=r"^A worker gave a sign of life \d+ s ago. Stop Runbell first")
    with refused, to_postgresql._nobody_writes():
        pass


@pytest.mark.django_db
def test_where_a_move_leads_is_told_without_what_is_secret() -> None:
    with pytest.raises(CommandError) as refusal:
        to_postgresql.move("mysql://root:hunter2@db/runbell", print)
    assert "hunter2" not in str(refusal.value)
    assert ("must start with postgres://" in str(refusal.value)) == (connection.vendor == "sqlite")


def test_values_become_what_postgresql_takes() -> None:
    source = sqlite3.connect(":memory:")
    source.execute(
        "CREATE TABLE some (id INTEGER PRIMARY KEY AUTOINCREMENT, ok bool, at datetime, name text, token blob)"
    )
    source.execute(
        "INSERT INTO some VALUES (9, 0, NULL, NULL, NULL), (7, 1, '2026-11-29 23:00:00.5', 'a' || char(0), x'00ff')"
    )
    source.execute("DELETE FROM some WHERE id = 9")
    types = {"token": "bytea", "name": "text", "at": "timestamp with time zone", "ok": "boolean", "id": "bigint"}

    rows = list(sqlite_rows.converted_rows(source, "some", types))

    assert rows == [[b"\x00\xff", "a\ufffd", "2026-11-29 23:00:00.5+00", True, 7]]
    assert sqlite_rows.next_ids(source, ["some", "other"]) == {"some": {"id": 9}}
