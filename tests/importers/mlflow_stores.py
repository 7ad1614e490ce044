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
# Of MLflow 3; those of the first versions have the tables above alone.
LATER_TABLES = """
CREATE TABLE datasets (dataset_uuid VARCHAR(36), experiment_id INTEGER, name VARCHAR(500), digest VARCHAR(36),
    dataset_source_type VARCHAR(36), dataset_source TEXT, dataset_schema TEXT, dataset_profile TEXT);
CREATE TABLE inputs (input_uuid VARCHAR(36), source_type VARCHAR(36), source_id VARCHAR(36),
    destination_type VARCHAR(36), destination_id VARCHAR(36), step BIGINT);
CREATE TABLE logged_models (model_id VARCHAR(36), experiment_id INTEGER, name VARCHAR(500),
    artifact_location VARCHAR(1000), lifecycle_stage VARCHAR(32), source_run_id VARCHAR(32));
CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, description VARCHAR(5000), current_stage VARCHAR(20),
    source VARCHAR(500), run_id VARCHAR(32));
CREATE TABLE registered_model_aliases (name VARCHAR(256), alias VARCHAR(256), version INTEGER);
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


@dataclass
class StoredLineage:
    """What one run read, another made and the registry got: of the run `maker` and of the run `user`."""

    maker: str
    user: str

    def add_to_folder(self, store: Path) -> None:
        place = store / "417"
        _write_meta(
            place / "datasets" / "d1",
            {"name": "iris", "digest": "abc", "source_type": "http", "source": '{"url": "https://data.test/iris"}'},
        )
        _write_meta(place / self.maker / "inputs" / "i1", {"source_type": "DATASET", "source_id": "d1", "tags": {}})
        model = {
            "model_id": "m-1",
            "name": "net",
            "source_run_id": self.maker,
            "artifact_location": "mlflow-artifacts:/x",
        }
        _write_meta(place / "models" / "m-1", model)
        _write(place / "models" / "m-1" / "artifacts" / "net.bin", "weights")
        _write_meta(place / self.user / "inputs" / "m-1", {"source_type": "MODEL", "source_id": "m-1"})
        for version, source in enumerate((f"mlflow-artifacts:/417/{self.maker}/artifacts/model", "models:/m-1"), 1):
            said = {
                "name": "digits",
                "version": version,
                "source": source,
                "run_id": self.maker,
                "current_stage": "None",
            }
            _write_meta(store / "models" / "digits" / f"version-{version}", said)
        _write(store / "models" / "digits" / "aliases" / "champion", "2")

    def add_to_database(self, root: Path) -> None:
        with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
            connection.executescript(LATER_TABLES)
            _write(root / "models" / "net.bin", "weights")
            url = '{"url": "https://data.test/iris"}'
            rows = {
                "datasets": [("d1", 1, "iris", "abc", "http", url, "", "")],
                "inputs": [
                    ("i1", "DATASET", "d1", "RUN", self.maker, 0),
                    ("i2", "RUN_INPUT", self.user, "MODEL_INPUT", "m-1", 0),
                ],
                "logged_models": [("m-1", 1, "net", (root / "models").as_uri(), "active", self.maker)],
                "model_versions": [
                    ("digits", 1, "", "None", f"runs:/{self.maker}/model", self.maker),
                    ("digits", 2, "", "None", "models:/m-1", self.maker),
                ],
                "registered_model_aliases": [("digits", "champion", 2)],
            }
            for table, values in rows.items():
                places = ", ".join("?" * len(values[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({places})", values)


def _write_meta(folder: Path, said: Mapping[str, Any]) -> None:
    _write(folder / "meta.yaml", yaml.safe_dump(dict(said)))
