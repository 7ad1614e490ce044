"""Stores of MLflow, written as MLflow writes them: a folder, and a database with its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# 2026-03-01T12:00:00Z, in milliseconds.
NOON = 1_772_366_400_000
MINUTE = 60_000
Point = tuple[int, float, int]

_NUMBERS = {"RUNNING": 1, "SCHEDULED": 2, "FINISHED": 3, "FAILED": 4, "KILLED": 5}
TABLES = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256),
    lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT);
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), user_id VARCHAR(256), status VARCHAR(9),
    start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER);
CREATE TABLE metrics (key VARCHAR(250), value DOUBLE PRECISION, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT,
    is_nan BOOLEAN);
CREATE TABLE params (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE tags (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
"""


@dataclass
class StoredRun:
    """A run of half an hour that failed, unless told otherwise."""

    run_id: str
    metrics: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    name: str = "bright-cat-12"
    status: str = "FAILED"
    end_time: int | None = NOON + 30 * MINUTE
    user: str = "bob"


def falling(*losses: float) -> dict[str, list[Point]]:
    """A loss each minute, and the step with it."""
    return {"loss": [(NOON + step * MINUTE, loss, step) for step, loss in enumerate(losses)]}


def write_folder(root: Path, *runs: StoredRun, experiment: str = "digits") -> Path:
    store = root / "mlruns"
    place = store / "417"
    _write(
        place / "meta.yaml", yaml.safe_dump({"experiment_id": "417", "name": experiment, "lifecycle_stage": "active"})
    )
    for run in runs:
        folder = place / run.run_id
        _write(folder / "meta.yaml", yaml.safe_dump(_meta(run)))
        for name, points in run.metrics.items():
            _write(folder / "metrics" / name, "".join(f"{at} {value} {step}\n" for at, value, step in points))
        for name, value in run.params.items():
            _write(folder / "params" / name, value)
        for name, value in run.tags.items():
            _write(folder / "tags" / name, value)
        for name, text in run.files.items():
            _write(folder / "artifacts" / name, text)
    return store


def _meta(run: StoredRun) -> dict[str, Any]:
    return {
        "artifact_uri": f"mlflow-artifacts:/417/{run.run_id}/artifacts", "end_time": run.end_time,
        "experiment_id": "417", "lifecycle_stage": "active", "run_id": run.run_id, "run_name": run.name,
        "start_time": NOON, "status": _NUMBERS[run.status], "user_id": run.user,
    }  # fmt: skip


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_database(root: Path, *runs: StoredRun, experiment: str = "digits") -> str:
    path = root / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        insert_runs(lambda text, values: connection.execute(text.replace("%s", "?"), values), root, runs, experiment)
    return f"sqlite:///{path}"


def insert_runs(execute: Any, root: Path, runs: Sequence[StoredRun], experiment: str) -> None:
    execute("INSERT INTO experiments VALUES (1, %s, '', 'active', 0, 0)", [experiment])
    for run in runs:
        for name, text in run.files.items():
            _write(root / run.run_id / "artifacts" / name, text)
        artifacts = (root / run.run_id / "artifacts").as_uri()
        values = [run.run_id, run.name, run.user, run.status, NOON, run.end_time, "active", artifacts]
        execute("INSERT INTO runs VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1)", values)
        for name, points in run.metrics.items():
            for at, value, step in points:
                is_nan = value != value
                row = [name, 0.0 if is_nan else value, at, run.run_id, step, is_nan]
                execute("INSERT INTO metrics VALUES (%s, %s, %s, %s, %s, %s)", row)
        for table, texts in (("params", run.params), ("tags", run.tags)):
            for name, value in texts.items():
                execute(f"INSERT INTO {table} VALUES (%s, %s, %s)", [name, value, run.run_id])
