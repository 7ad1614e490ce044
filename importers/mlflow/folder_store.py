"""Read MLflow's folder store (`mlruns`): a folder an experiment, in it one a run, with a file for each value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from importers.imported_run import UnreadableSource
from importers.mlflow.folder_lineage import FolderLineage, read_meta
from importers.mlflow.run_mapping import MetricPoint, MLflowRun

_META = "meta.yaml"
_NO_STORE = "{} is no folder of MLflow: there is no experiment in it. Name the folder that is called mlruns."


def runs_in_folder(folder: Path) -> Iterator[MLflowRun]:
    """Give every run that was not deleted, experiment by experiment. Raises UnreadableSource."""
    # With MLflow's own words: `.trash` holds what was deleted, `models` its registry.
    experiments = [path.parent for path in sorted(folder.glob(f"*/{_META}")) if not path.parent.name.startswith(".")]
    if not experiments:
        raise UnreadableSource(_NO_STORE.format(folder))
    lineage = FolderLineage(folder)
    for experiment in experiments:
        said = read_meta(experiment)
        if "experiment_id" not in said or said.get("lifecycle_stage", "active") != "active":
            continue
        for path in sorted(experiment.glob(f"*/{_META}")):
            run = _read_run(path.parent, str(said.get("name") or experiment.name), lineage)
            if run is not None:
                yield run


def _read_run(folder: Path, experiment: str, lineage: FolderLineage) -> MLflowRun | None:
    said = read_meta(folder)
    if "run_id" not in said or said.get("lifecycle_stage", "active") != "active":
        return None
    tags = _values(folder / "tags")
    return MLflowRun(
        run_id=str(said["run_id"]),
        experiment=experiment,
        name=str(said.get("run_name") or ""),
        status=said.get("status", ""),
        start_time=_number(said.get("start_time")),
        end_time=_number(said.get("end_time")),
        user=str(said.get("user_id") or ""),
        artifact_uri=_artifact_uri(folder, str(said.get("artifact_uri") or "")),
        params=_values(folder / "params"),
        tags=tags,
        points=partial(_points, folder / "metrics"),
        lineage=lineage.of(folder, str(said["run_id"])),
        model_locations=lineage.model_locations,
    )


def _artifact_uri(folder: Path, said: str) -> str:
    """Give where the artifacts are: beside the run where there are any, also if the whole folder was moved since."""
    beside = folder / "artifacts"
    return str(beside) if beside.is_dir() and any(beside.iterdir()) else said


def _points(folder: Path) -> Iterator[MetricPoint]:
    for metric, path in _files(folder):
        with path.open() as lines:
            for number, line in enumerate(filter(str.strip, lines), 1):
                try:
                    # Without a step: from before MLflow had them.
                    timestamp, value, step = [*line.split(), "0"][:3]
                    yield MetricPoint(metric, float(value), int(timestamp), int(step))
                except ValueError:
                    raise UnreadableSource(f"{path}: line {number} says no time, value and step.") from None


def _values(folder: Path) -> dict[str, str]:
    return {name: path.read_text() for name, path in _files(folder)}


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give each file with its name from the folder on: `val/loss` is a file in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
