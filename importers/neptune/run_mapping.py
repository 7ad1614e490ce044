"""A run of Neptune in our words: what it has once is its config, series are rows, files a version of an artifact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils import timezone

from importers.artifact_import import file_at, files_below
from importers.imported_run import ImportedArtifact, ImportedFile, ImportedRun, UnreadableSource
from importers.neptune.exported_values import Attribute
from importers.neptune.parquet_files import ExportedRun, attributes_of, points_of, runs_below
from importers.neptune.sorted_rows import sorted_rows
from importers.source_names import project_name
from projects.forms import LONGEST_TAG
from projects.history.row_values import HistoryRow
from projects.models import RunState
from projects.runs.branching import BranchPoint
from projects.runs.lifecycle import RunDetails

_SYSTEM = "sys/"
# Where the client of Neptune itself writes the machine's metrics.
_MACHINE = "monitoring/"
_HISTOGRAM = "histogram_series"
_PRINTED = ("stdout", "stderr")
_PRINTED_BELOW = ("monitoring/", "runtime/")
_FILES = ("file", "file_set", "artifact", "file_series")


@dataclass(frozen=True)
class NeptuneOptions:
    """What the person who imports chose: one project for all, where the files lie, and whether they stay there."""

    project: str = ""
    files: Path | None = None
    by_reference: bool = False


@dataclass
class _Read:
    """What an export says of a run beside its series, read in one pass."""

    values: dict[str, Any] = field(default_factory=dict)
    files: list[Attribute] = field(default_factory=list)
    last_time: int | None = None

    @classmethod
    def of(cls, attributes: Iterable[Attribute]) -> _Read:
        found = cls()
        for one in attributes:
            if one.kind == "last_time":
                found.last_time = max(one.value, found.last_time or one.value)
            elif one.kind in _FILES:
                found.files.append(one)
            else:
                found.values[one.path] = one.value
        return found

    def text(self, name: str) -> str:
        return str(self.values.get(_SYSTEM + name) or "")

    def moment(self, name: str) -> datetime | None:
        found = self.values.get(_SYSTEM + name)
        return found if isinstance(found, datetime) else None

    def names(self, name: str) -> list[str]:
        return sorted(str(one)[:LONGEST_TAG] for one in self.values.get(_SYSTEM + name) or ())


def runs_in_export(folder: Path, options: NeptuneOptions) -> Iterator[ImportedRun]:
    """Give each run of an export, the one that began first first. Raises UnreadableSource."""
    data, files = _folders(folder, options)
    exported = runs_below(data)
    if not options.project:
        _refuse_two_of_a_name({run.project_id for run in exported})
    found = [_imported(run, files / run.folder.name, options) for run in exported]
    yield from sorted(found, key=lambda run: run.started_at)


def _refuse_two_of_a_name(project_ids: Iterable[str]) -> None:
    """Refuse projects of two workspaces that would be one here: their runs may have the same ids."""
    by_name: dict[str, str] = {}
    for project_id in sorted(project_ids):
        other = by_name.setdefault(_project(project_id), project_id)
        if other != project_id:
            raise UnreadableSource(
                f"{other} and {project_id} would be one project here. "
                "Import the folder of each with a --project of its own."
            )


def _project(project_id: str) -> str:
    """Give the name without the workspace, in whose place there is a team here."""
    return project_name(project_id.rpartition("/")[2], "neptune")


def _folders(folder: Path, options: NeptuneOptions) -> tuple[Path, Path]:
    """Give where the Parquet lies, and where the files: `data/` and `files/` beside each other, as exported."""
    data = folder / "data" if (folder / "data").is_dir() else folder
    if options.files is not None:
        return data, options.files
    of_one_project = any(data.glob("*part_*.parquet"))
    return data, (data.parent.parent if of_one_project else data.parent) / "files"


def _imported(run: ExportedRun, files: Path, options: NeptuneOptions) -> ImportedRun:
    read = _Read.of(attributes_of(run))
    state = RunState.FAILED if read.values.get(f"{_SYSTEM}failed") is True else RunState.FINISHED
    started_at = read.moment("creation_time") or _moment(read.last_time) or timezone.now()
    kept, notes = _kept_files(read.files, files)
    return ImportedRun(
        project=options.project or _project(run.project_id),
        name=run.run_id,
        state=state,
        started_at=started_at,
        ended_at=_ended_at(read, started_at),
        details=_details(run, read),
        username=read.text("owner"),
        exit_code=1 if state == RunState.FAILED else 0,
        fork=_fork(read),
        rows=partial(_rows, run, started_at),
        system_rows=partial(_system_rows, run, started_at),
        output=partial(_output, run),
        artifacts=[_artifact(run, kept, by_reference=options.by_reference)] if kept else [],
        notes=notes,
    )


def _details(run: ExportedRun, read: _Read) -> RunDetails:
    return RunDetails(
        display_name=(read.text("name") or run.run_id)[:255],
        config={path: _plain(value) for path, value in read.values.items() if not path.startswith(_SYSTEM)},
        tags=list(dict.fromkeys([*read.names("tags"), *read.names("group_tags")])),
        group=read.text("experiment/name")[:128],
        notes=read.text("description"),
        program=str(read.values.get("source_code/entrypoint") or ""),
        host=read.text("hostname")[:255],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(one for one in value if one is not None) if isinstance(value, list) else value


def _fork(read: _Read) -> BranchPoint | None:
    parent, step = read.text("forking/parent"), read.values.get(f"{_SYSTEM}forking/step")
    return BranchPoint(parent, float(step or 0)) if parent else None


def _ended_at(read: _Read, started_at: datetime) -> datetime:
    """Give when it ended: what is said of it later, such as a tag, is no part of the run."""
    running = read.values.get(f"{_SYSTEM}running_time")
    said = started_at + timedelta(seconds=running) if isinstance(running, (int, float)) else read.moment("ping_time")
    found = [one for one in (said, _moment(read.last_time)) if one is not None]
    return min(max([started_at, *found]), timezone.now())


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _rows(run: ExportedRun, started_at: datetime) -> Iterator[HistoryRow]:
    points = points_of(run, "float_series", "string_series", _HISTOGRAM)
    named = (one for one in points if not one.path.startswith(_MACHINE) and not _is_printed(one.path, one.kind))
    as_logged = (replace(one, value=_histogram(one.value)) if one.kind == _HISTOGRAM else one for one in named)
    yield from sorted_rows(as_logged, started_at=int(started_at.timestamp() * 1000))


def _histogram(value: Mapping[str, Any]) -> dict[str, Any]:
    """Give a histogram as the wandb SDK logs one."""
    return {"_type": "histogram", "bins": value["edges"], "values": value["values"]}


def _system_rows(run: ExportedRun, started_at: datetime) -> Iterator[HistoryRow]:
    points = (one for one in points_of(run, "float_series") if one.path.startswith(_MACHINE))
    for row in sorted_rows(points, started_at=int(started_at.timestamp() * 1000)):
        said = {f"system.{name.removeprefix(_MACHINE)}": row[name] for name in row if not name.startswith("_")}
        runtime = max(row["_timestamp"] - started_at.timestamp(), 0)
        yield {"_wandb": True, "_timestamp": row["_timestamp"], "_runtime": runtime, **said}


def _output(run: ExportedRun) -> Sequence[str]:
    printed = (one for one in points_of(run, "string_series") if _is_printed(one.path, one.kind))
    lines = sorted(printed, key=lambda one: (one.time or 0, one.step or 0))
    return [str(one.value).rstrip("\n") for one in lines]


def _is_printed(path: str, kind: str) -> bool:
    return kind == "string_series" and path.startswith(_PRINTED_BELOW) and path.rpartition("/")[2] in _PRINTED


def _kept_files(files: Sequence[Attribute], root: Path) -> tuple[Mapping[str, Path], list[str]]:
    """Give the files that are there by their names in the version, and what is to be said of the others."""
    kept, notes = dict[str, Path](), list[str]()
    if files and not root.is_dir():
        return kept, [f"{len(files)} files: there is no folder {root}. Say with --files where the export's files lie."]
    for one in files:
        said = str((one.value or {}).get("path") or "")
        path = root / said
        # A link, or a way upwards, may lead to any file of this machine.
        if not said or path.resolve() != root.resolve() / said:
            notes.append(f"file {one.path}: {said!r} is no path below {root}.")
        elif not path.exists():
            notes.append(f"file {one.path}: {path} is not there.")
        else:
            kept[_name_of(one, path)] = path
    return kept, notes


def _name_of(file: Attribute, path: Path) -> str:
    """Give the attribute's path, of a series with the step, with the ending that the file has."""
    name = file.path if file.step is None else f"{file.path}/{file.step:g}"
    return name if path.is_dir() or PurePosixPath(name).suffix == path.suffix else name + path.suffix


def _artifact(run: ExportedRun, kept: Mapping[str, Path], *, by_reference: bool) -> ImportedArtifact:
    def files() -> Iterator[ImportedFile]:
        for name, path in kept.items():
            if path.is_dir():
                yield from files_below(path, by_reference=by_reference, below=f"{name}/")
            else:
                yield file_at(name, path, by_reference=by_reference)

    return ImportedArtifact(f"run-{run.run_id}-files", "neptune-files", files)
