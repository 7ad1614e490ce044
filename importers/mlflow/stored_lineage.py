"""What MLflow says of artifacts beside those of a run: data sets, logged models, and versions of its model registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from common.data.strict_json import parsed
from importers.artifact_import import files_below
from importers.imported_run import ImportedArtifact, ImportedFile
from importers.source_names import collection_name

MODEL = "model"
_NO_STAGE = ("", "None")
# Where a data set's source says its address, by the kinds of sources that MLflow has.
_ADDRESSES = ("uri", "url", "path", "delta_table_name", "table_name", "name")


@dataclass(frozen=True)
class DatasetInput:
    """A data set that a run read (`mlflow.log_input`). MLflow keeps where it is, and never what is in it."""

    name: str
    digest: str
    source_type: str
    source: str


@dataclass(frozen=True)
class LoggedModel:
    """A model as MLflow 3 keeps it: apart from the artifacts of the run that made it."""

    model_id: str
    name: str
    location: str


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a model in MLflow's registry. `source` is the address of its files, or names a logged model."""

    name: str
    version: int
    source: str
    description: str = ""
    stage: str = ""
    aliases: Sequence[str] = ()


@dataclass(frozen=True)
class StoredLineage:
    """What a run read, made and gave to the registry."""

    datasets: Sequence[DatasetInput] = ()
    used_models: Sequence[LoggedModel] = ()
    made_models: Sequence[LoggedModel] = ()
    registered: Sequence[RegisteredVersion] = ()


def by_run(versions: Iterable[tuple[str, RegisteredVersion]]) -> dict[str, list[RegisteredVersion]]:
    """Give the versions by the run that made them, in their order."""
    found: dict[str, list[RegisteredVersion]] = {}
    for run_id, version in sorted(versions, key=lambda one: (one[1].name, one[1].version)):
        found.setdefault(run_id, []).append(version)
    return found


@dataclass(frozen=True)
class RunFiles:
    """Where the artifacts of a run lie; and of models by their id, for those that are named by it."""

    run_id: str
    location: str
    models: Mapping[str, str]
    by_reference: bool

    def at(self, location: str) -> Iterator[ImportedFile]:
        """Give the files there, or a reference to a place that only MLflow or a cloud's client reads."""
        address = urlsplit(location)
        if address.scheme in ("", "file"):
            folder = Path(unquote(address.path) if address.scheme else location)
            yield from files_below(folder, by_reference=self.by_reference)
        else:
            yield ImportedFile("artifacts", reference=location)

    def location_of(self, source: str) -> str:
        """Give where a registered version lies. What was made by this run lies among its artifacts, also if moved."""
        if source.startswith("models:/"):
            return self.models.get(source.removeprefix("models:/").strip("/"), source)
        below = re.search(rf"(?:{re.escape(self.run_id)}/artifacts|^runs:/+{re.escape(self.run_id)})/(.+)", source)
        if below and self.location and ".." not in below[1].split("/"):
            return f"{self.location.rstrip('/')}/{below[1]}"
        model = re.search(r"models/(m-\w+)/artifacts", source)
        return self.models.get(model[1], source) if model else source


def artifacts_of(lineage: StoredLineage, files: RunFiles) -> Iterator[ImportedArtifact]:
    """Give versions: those of the registry first, with which links go along."""
    for registered in lineage.registered:
        yield _registered(registered, files)
    for model in lineage.made_models:
        yield _model(model, files, is_made=True)
    for model in lineage.used_models:
        yield _model(model, files, is_made=False)
    for dataset in lineage.datasets:
        yield _dataset(dataset)


def _registered(found: RegisteredVersion, files: RunFiles) -> ImportedArtifact:
    location = files.location_of(found.source)
    name = collection_name(found.name)
    return ImportedArtifact(
        name,
        MODEL,
        lambda: files.at(location),
        description=found.description or None,
        metadata={"mlflow_version": found.version},
        linked_to=name,
        link_aliases=[alias for alias in found.aliases if alias != "latest"],
        link_tags=[] if found.stage in _NO_STAGE else [found.stage],
    )


def _model(found: LoggedModel, files: RunFiles, *, is_made: bool) -> ImportedArtifact:
    name, metadata = collection_name(found.name), {"mlflow_model": found.model_id}
    return ImportedArtifact(
        name, MODEL, lambda: files.at(found.location), metadata=metadata, is_made=is_made, is_used=not is_made
    )


def _dataset(found: DatasetInput) -> ImportedArtifact:
    file = ImportedFile("source", reference=_address(found), digest=found.digest)
    metadata = {"mlflow_digest": found.digest, "source_type": found.source_type}
    return ImportedArtifact(
        collection_name(found.name), "dataset", lambda: [file], metadata=metadata, is_made=False, is_used=True
    )


def _address(dataset: DatasetInput) -> str:
    """Give where the data set is, as far as its source says; what was made in code has no address."""
    try:
        said: Any = parsed(dataset.source)
    except (ValueError, RecursionError):
        said = None
    addresses = (said.get(key) for key in _ADDRESSES) if isinstance(said, dict) else ()
    address = next((one for one in addresses if isinstance(one, str) and one), "")
    return address or f"mlflow-{dataset.source_type or 'dataset'}:{dataset.name}"
