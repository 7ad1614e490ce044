"""Read the Parquet files that neptune-exporter writes, batch by batch. Only here is pyarrow imported (`parquet`).

Its columns are those of its README: a row is one value of one attribute of one run, with step and time in a series.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from importers.imported_run import UnreadableSource
from importers.neptune.exported_values import Attribute, SeriesPoint

# So many values are in memory at once.
_VALUES_AT_ONCE = 20_000
_PART = re.compile(r"(?P<run>.*?)_?part_(?P<number>\d+)\.parquet")
_MILLISECONDS = pyarrow.timestamp("ms", tz="UTC")
_KEY = ("project_id", "run_id")
_VALUES = {
    "int": "int_value", "float": "float_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value",
    "file": "file_value", "file_set": "file_value", "artifact": "file_value", "file_series": "file_value",
    "float_series": "float_value", "string_series": "string_value", "histogram_series": "histogram_value",
}  # fmt: skip
_SERIES = ("float_series", "string_series", "histogram_series")
_NO_EXPORT = (
    "{} holds no export of Neptune. Name the folder that neptune-exporter got as --data-path, the one that has it as "
    "data/, or that of one project: the files are called <run>_part_0.parquet."
)


@dataclass(frozen=True)
class ExportedRun:
    """A run of an export, with its files in the order of their parts. They lie in the folder of its project."""

    project_id: str
    run_id: str
    parts: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        return self.parts[0].parent


def runs_below(folder: Path) -> list[ExportedRun]:
    """Give each run of the projects in the folder, or of the one that it is. Raises UnreadableSource."""
    projects = [folder, *sorted(path for path in folder.glob("*") if path.is_dir() and not path.is_symlink())]
    runs = [run for project in projects for parts in _parts_by_run(project) for run in _runs_of(parts)]
    if not runs:
        raise UnreadableSource(_NO_EXPORT.format(folder))
    return runs


def _parts_by_run(project: Path) -> Iterator[tuple[Path, ...]]:
    """Give the files that belong together. One without its first part was not exported to its end."""
    parts: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in sorted(project.glob("*part_*.parquet")):
        named = _PART.fullmatch(path.name)
        if named and path.is_file() and not path.is_symlink():
            parts[named["run"]][int(named["number"])] = path
    for numbered in parts.values():
        if 0 in numbered:
            yield tuple(path for _number, path in sorted(numbered.items()))


def _runs_of(parts: tuple[Path, ...]) -> Iterator[ExportedRun]:
    """Give the runs in these files: one, but early exports put all of a project into one file."""
    found = dict[tuple[str, str], None]()
    for part in parts:
        for batch in _batches(part, _KEY):
            for project_id in batch.column("project_id").unique().to_pylist():
                of_project = batch.filter(pyarrow.compute.equal(batch.column("project_id"), project_id))
                found |= {(project_id, run_id): None for run_id in of_project.column("run_id").unique().to_pylist()}
    for project_id, run_id in found:
        if project_id and run_id:
            yield ExportedRun(project_id, run_id, parts)


def attributes_of(run: ExportedRun) -> Iterator[Attribute]:
    """Give what stands of the run once, and its files; of its series only when they were logged last."""
    columns = ("attribute_path", "attribute_type", "step", "timestamp")
    for batch in _values_of(run, [*columns, *_unique(kind for kind in _VALUES if kind not in _SERIES)], _VALUES):
        in_series = pyarrow.compute.is_in(batch.column("attribute_type"), value_set=pyarrow.array(_SERIES))
        last = pyarrow.compute.max(_milliseconds(batch.filter(in_series).column("timestamp"))).as_py()
        if last is not None:
            yield Attribute("", "last_time", last)
        for said in batch.filter(pyarrow.compute.invert(in_series)).to_pylist():
            value = said[_VALUES[said["attribute_type"]]]
            if value is not None:
                step = None if said["step"] is None else float(said["step"])
                yield Attribute(said["attribute_path"], said["attribute_type"], value, step)


def points_of(run: ExportedRun, *kinds: str) -> Iterator[SeriesPoint]:
    """Give each value of the run's series of these kinds, in the order of the files: attribute by attribute."""
    columns = ["attribute_path", "attribute_type", "step", "timestamp", *_unique(kinds)]
    for batch in _values_of(run, columns, kinds):
        kind_of_each = batch.column("attribute_type").to_pylist()
        values = {kind: batch.column(_VALUES[kind]).to_pylist() for kind in set(kind_of_each)}
        steps = pyarrow.compute.cast(batch.column("step"), pyarrow.float64()).to_pylist()
        times = _milliseconds(batch.column("timestamp")).to_pylist()
        named = zip(batch.column("attribute_path").to_pylist(), kind_of_each, steps, times, strict=True)
        for place, (path, kind, step, time) in enumerate(named):
            if path is not None and (value := values[kind][place]) is not None:
                yield SeriesPoint(path, kind, step, time, value)


def _values_of(run: ExportedRun, columns: Sequence[str], kinds: Sequence[str] | dict[str, str]) -> Iterator[Any]:
    wanted = pyarrow.array(list(kinds))
    for part in run.parts:
        for batch in _batches(part, [*_KEY, *columns]):
            of_run = pyarrow.compute.and_(
                pyarrow.compute.equal(batch.column("run_id"), run.run_id),
                pyarrow.compute.equal(batch.column("project_id"), run.project_id),
            )
            of_kind = pyarrow.compute.is_in(batch.column("attribute_type"), value_set=wanted)
            yield batch.filter(pyarrow.compute.and_(of_run, of_kind))


def _batches(part: Path, columns: Sequence[str]) -> Iterator[Any]:
    with _refused(part), pyarrow.parquet.ParquetFile(part) as file:
        missing = [column for column in columns if column not in file.schema_arrow.names]
        if missing:
            raise UnreadableSource(f"{part} is no file of neptune-exporter: it has no column {missing[0]}.")
        yield from file.iter_batches(batch_size=_VALUES_AT_ONCE, columns=list(columns))


@contextmanager
def _refused(part: Path) -> Iterator[None]:
    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        why = str(error).strip().splitlines()[0]
        raise UnreadableSource(f"{part} cannot be read as Parquet: {why} Export its run anew.") from None


def _milliseconds(column: Any) -> Any:
    return pyarrow.compute.cast(pyarrow.compute.cast(column, _MILLISECONDS), pyarrow.int64())


def _unique(kinds: Any) -> list[str]:
    return list(dict.fromkeys(_VALUES[kind] for kind in kinds))
