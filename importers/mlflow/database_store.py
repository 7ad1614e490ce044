"""Read MLflow's database store: SQLite or PostgreSQL, by its own tables, only ever reading. MLflow is not needed."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
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
from importers.mlflow.stored_lineage import DatasetInput, LoggedModel, RegisteredVersion, StoredLineage, by_run

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
# Of later versions of MLflow: a database that an older one made has them not.
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))",
}
_DATASETS = """
SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source
FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = {} ORDER BY d.name, d.digest
"""
_MODELS = "SELECT model_id, name, artifact_location, source_run_id FROM logged_models WHERE lifecycle_stage = 'active'"
_USED_MODELS = """
SELECT destination_id FROM inputs
WHERE source_type = 'RUN_INPUT' AND destination_type = 'MODEL_INPUT' AND source_id = {} ORDER BY destination_id
"""
_REGISTERED = """
SELECT run_id, name, version, source, description, current_stage FROM model_versions
WHERE current_stage <> 'Deleted_Internal' OR current_stage IS NULL
"""
_ALIASES = "SELECT name, version, alias FROM registered_model_aliases"

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
                asked = _Database(
                    lambda text, *values: connection.execute(text.format("?"), values).fetchall(), path.parent, "sqlite"
                )
                yield asked.runs()
        else:
            with psycopg.connect(_DRIVER.sub(r"\1://", address)) as server:
                server.read_only = True
                asked = _Database(
                    lambda text, *values: server.execute(text.format("%s").encode(), values).fetchall(),
                    Path(),
                    "postgresql",
                )
                yield asked.runs()
    except (sqlite3.Error, psycopg.Error) as error:
        raise UnreadableSource(
            f"{without_credentials(address)} cannot be read as a database of MLflow: {str(error).strip()}"
        ) from None


def _sqlite_file(address: str) -> Path:
    path = Path(address.removeprefix("sqlite:").removeprefix("///"))
    if not path.is_file():
        raise UnreadableSource(f"There is no file {path}. Write sqlite:///mlflow.db, or with four slashes a full path.")
    return path.resolve()


class _Database:
    """A store that is open: where artifacts lie is said from the folder of the database on, or in full."""

    def __init__(self, ask: Ask, folder: Path, kind: str) -> None:
        self._ask, self._folder = ask, folder
        self._tables = {str(row[0]) for row in ask(_TABLES[kind])}

    def runs(self) -> Iterator[MLflowRun]:
        models = {model.model_id: (model, run_id) for model, run_id in self._models()}
        registered = by_run(self._registered())
        for run_id, experiment, name, status, start_time, end_time, user, artifact_uri in self._ask(_RUNS):
            yield MLflowRun(
                run_id=run_id,
                experiment=experiment,
                name=name or "",
                status=status or "",
                start_time=start_time,
                end_time=end_time,
                user=user or "",
                artifact_uri=_in_full(artifact_uri or "", self._folder),
                params=_pairs(self._ask(_PARAMS, run_id)),
                tags=_pairs(self._ask(_TAGS, run_id)),
                points=partial(_points, self._ask, run_id),
                lineage=StoredLineage(
                    datasets=[DatasetInput(*map(str, row)) for row in self._rows("datasets", _DATASETS, run_id)],
                    used_models=[models[row[0]][0] for row in self._used_models(run_id) if row[0] in models],
                    made_models=[model for model, maker in models.values() if maker == run_id],
                    registered=registered.get(run_id, []),
                ),
                model_locations={model.model_id: model.location for model, _maker in models.values()},
            )

    def _rows(self, table: str, statement: str, *values: str) -> Sequence[Sequence[Any]]:
        return self._ask(statement, *values) if table in self._tables else ()

    def _used_models(self, run_id: str) -> Sequence[Sequence[Any]]:
        return self._rows("inputs", _USED_MODELS, run_id)

    def _models(self) -> Iterator[tuple[LoggedModel, str]]:
        for model_id, name, location, run_id in self._rows("logged_models", _MODELS):
            yield LoggedModel(model_id, name, _in_full(location or "", self._folder)), run_id or ""

    def _registered(self) -> Iterator[tuple[str, RegisteredVersion]]:
        aliases: dict[tuple[str, int], list[str]] = defaultdict(list)
        for name, version, alias in self._rows("registered_model_aliases", _ALIASES):
            aliases[name, version].append(alias)
        for run_id, name, version, source, description, stage in self._rows("model_versions", _REGISTERED):
            yield (
                run_id or "",
                RegisteredVersion(
                    name, version, source or "", description or "", stage or "", sorted(aliases[name, version])
                ),
            )


def _pairs(rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    return {str(key): str(value or "") for key, value in rows}


def _in_full(artifact_uri: str, folder: Path) -> str:
    return str(folder / artifact_uri) if artifact_uri and not urlsplit(artifact_uri).scheme else artifact_uri


def _points(ask: Ask, run_id: str) -> Iterator[MetricPoint]:
    for metric, value, timestamp, step, is_nan in ask(_POINTS, run_id):
        yield MetricPoint(metric, stored_value(value, is_nan=bool(is_nan)), timestamp, step or 0)
