"""Exports of Neptune as neptune-exporter writes them: Parquet of its schema in `data/`, files in `files/`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROJECT = "vision/digits"
# `neptune_exporter/model.py`, SCHEMA.
SCHEMA = pyarrow.schema(
    [
        ("project_id", pyarrow.string()),
        ("run_id", pyarrow.string()),
        ("attribute_path", pyarrow.string()),
        ("attribute_type", pyarrow.string()),
        ("step", pyarrow.decimal128(18, 6)),
        ("timestamp", pyarrow.timestamp("ms", tz="UTC")),
        ("int_value", pyarrow.int64()),
        ("float_value", pyarrow.float64()),
        ("string_value", pyarrow.string()),
        ("bool_value", pyarrow.bool_()),
        ("datetime_value", pyarrow.timestamp("ms", tz="UTC")),
        ("string_set_value", pyarrow.list_(pyarrow.string())),
        ("file_value", pyarrow.struct([("path", pyarrow.string())])),
        (
            "histogram_value",
            pyarrow.struct(
                [
                    ("type", pyarrow.string()),
                    ("edges", pyarrow.list_(pyarrow.float64())),
                    ("values", pyarrow.list_(pyarrow.float64())),
                ]
            ),
        ),
    ]
)
_KINDS = {bool: "bool", int: "int", float: "float", str: "string", datetime: "datetime", list: "string_set"}
_COLUMNS = {"float_series": "float_value", "string_series": "string_value", "histogram_series": "histogram_value"}
Points = Sequence[tuple[float, Any]]


@dataclass
class StoredRun:
    """A run of half an hour, whose values come a minute apart."""

    run_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    # By attribute: step and value; the step says the time too.
    series: Mapping[str, Points] = field(default_factory=dict)
    texts: Mapping[str, Points] = field(default_factory=dict)
    histograms: Mapping[str, Points] = field(default_factory=dict)
    # By attribute: the path below the files of the project, and what is in it.
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    file_series: Mapping[str, Sequence[tuple[float, str, str]]] = field(default_factory=dict)


def falling(*losses: float) -> dict[str, Points]:
    return {"train/loss": list(enumerate(losses))}


def write_export(root: Path, *runs: StoredRun, project: str = PROJECT, parts: int = 1) -> Path:
    """Write what `--data-path root/data --files-path root/files` would, each run in so many parts."""
    folder, files = root / "data" / sanitized(project), root / "files" / sanitized(project)
    folder.mkdir(parents=True, exist_ok=True)
    for run in runs:
        rows = _rows(run, project)
        size = -(-len(rows) // parts)
        for number in range(parts):
            table = pyarrow.Table.from_pylist(rows[number * size : (number + 1) * size], schema=SCHEMA)
            pyarrow.parquet.write_table(table, folder / f"{sanitized(run.run_id)}_part_{number}.parquet")
        series = [(path, content) for found in run.file_series.values() for _step, path, content in found]
        for path, content in [*run.files.values(), *series]:
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            (files / path).write_text(content)
    return root


def sanitized(part: str) -> str:
    """`neptune_exporter/utils.py`, sanitize_path_part."""
    plain = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in part)
    return f"{plain}-{hashlib.blake2b(part.encode(), digest_size=8).hexdigest()}"


def _rows(run: StoredRun, project: str) -> list[dict[str, Any]]:
    said = {"sys/creation_time": NOON, "sys/running_time": 1800.0, "sys/owner": "bob", **run.values}
    key = {"project_id": project, "run_id": run.run_id}
    rows = []
    for path, value in said.items():
        kind = _KINDS[type(value)]
        rows.append({**key, "attribute_path": path, "attribute_type": kind, f"{kind}_value": value})
    for kind, series in zip(_COLUMNS, (run.series, run.texts, run.histograms), strict=True):
        # One attribute after the other, as they are fetched.
        for path, points in series.items():
            rows += [
                {**key, "attribute_path": path, "attribute_type": kind, _COLUMNS[kind]: value, **_moment(step)}
                for step, value in points
            ]
    for path, (place, _content) in run.files.items():
        rows.append({**key, "attribute_path": path, "attribute_type": "file", "file_value": {"path": place}})
    for path, found in run.file_series.items():
        rows += [
            {
                **key,
                "attribute_path": path,
                "attribute_type": "file_series",
                "file_value": {"path": place},
                **_moment(step),
            }
            for step, place, _content in found
        ]
    return rows


def _moment(step: float) -> dict[str, Any]:
    return {"step": Decimal(str(step)).quantize(Decimal("1.000000")), "timestamp": NOON + timedelta(minutes=step)}
