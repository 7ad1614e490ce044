"""Read MLflow's database store: SQLite or PostgreSQL, by its own tables, only ever reading. MLflow is not needed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from common.data.validation_errors import without_credentials
from importers.imported_run import UnreadableSource
from importers.mlflow.run_mapping import MetricPoint, MLflowRun, stored_value

# `postgresql+psycopg2://`: SQLAlchemy names its driver there.
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")
_RUNS = """
SELECT r.run_uuid, e.name, r.name, r.status, r.start_time, r.end_time, r.user_id, r.artifact_uri
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active'
ORDER BY r.start_time, r.run_uuid
"""
_PARAMS = "SELECT key, value FROM params WHERE run_uuid = {}"
_TAGS = "SELECT key, value FROM tags WHERE run_uuid = {}"
_POINTS = "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = {} ORDER BY timestamp, step"

# Gives the rows of a statement, with its one parameter.
Ask = Callable[..., Sequence[Sequence[Any]]]


def is_database(source: str) -> bool:
    return source.startswith(("sqlite:", "postgres:", "postgresql:", "postgresql+", "postgres+"))


@contextmanager
def runs_in_database(address: str) -> Iterator[Iterator[MLflowRun]]:
    """Give every run that was not deleted, the oldest first. Raises UnreadableSource."""
    try:
        if address.startswith("sqlite:"):
            path = _sqlite_file(address)
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                yield _runs(lambda text, *values: connection.execute(text.format("?"), values).fetchall(), path.parent)
        else:
            with psycopg.connect(_DRIVER.sub(r"\1://", address)) as server:
                server.read_only = True
                yield _runs(lambda text, *values: server.execute(text.format("%s").encode(), values).fetchall(), Path())
    except (sqlite3.Error, psycopg.Error) as error:
        raise UnreadableSource(
            f"{without_credentials(address)} cannot be read as a database of MLflow: {str(error).strip()}"
        ) from None


def _sqlite_file(address: str) -> Path:
    path = Path(address.removeprefix("sqlite:").removeprefix("///"))
    if not path.is_file():
        raise UnreadableSource(f"There is no file {path}. Write sqlite:///mlflow.db, or with four slashes a full path.")
    return path.resolve()


def _runs(ask: Ask, folder: Path) -> Iterator[MLflowRun]:
    """Give the runs; where artifacts lie is said from the folder of the database on, or in full."""
    for run_id, experiment, name, status, start_time, end_time, user, artifact_uri in ask(_RUNS):
        yield MLflowRun(
            run_id=run_id,
            experiment=experiment,
            name=name or "",
            status=status or "",
            start_time=start_time,
            end_time=end_time,
            user=user or "",
            artifact_uri=_in_full(artifact_uri or "", folder),
            params=_pairs(ask(_PARAMS, run_id)),
            tags=_pairs(ask(_TAGS, run_id)),
            points=partial(_points, ask, run_id),
        )


def _pairs(rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    return {str(key): str(value or "") for key, value in rows}


def _in_full(artifact_uri: str, folder: Path) -> str:
    return str(folder / artifact_uri) if artifact_uri and not urlsplit(artifact_uri).scheme else artifact_uri


def _points(ask: Ask, run_id: str) -> Iterator[MetricPoint]:
    for metric, value, timestamp, step, is_nan in ask(_POINTS, run_id):
        yield MetricPoint(metric, stored_value(value, is_nan=bool(is_nan)), timestamp, step or 0)
