"""Lineage in MLflow's folder store: `inputs/` of runs, `datasets/` and `models/` of experiments, and its registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from common.data import bounded_yaml
from importers.imported_run import UnreadableSource
from importers.mlflow.stored_lineage import DatasetInput, LoggedModel, RegisteredVersion, StoredLineage, by_run

_META = "meta.yaml"


class FolderLineage:
    """What the store says beside its runs, read once."""

    def __init__(self, store: Path) -> None:
        self._models: dict[str, tuple[LoggedModel, str]] = {}
        for path in sorted(store.glob(f"*/models/m-*/{_META}")):
            said = read_meta(path.parent)
            if said.get("lifecycle_stage", "active") == "active" and not path.parts[-4].startswith("."):
                model = LoggedModel(path.parent.name, str(said.get("name") or "model"), _location(path.parent, said))
                self._models[model.model_id] = model, str(said.get("source_run_id") or "")
        self._registered = by_run(_registered(store / "models"))
        self.model_locations = {model.model_id: model.location for model, _maker in self._models.values()}

    def of(self, run: Path, run_id: str) -> StoredLineage:
        inputs = [read_meta(path.parent) for path in sorted(run.glob(f"inputs/*/{_META}"))]
        sources = [(str(said.get("source_type", "DATASET")), str(said.get("source_id", ""))) for said in inputs]
        used = [source_id for kind, source_id in sources if kind.startswith("MODEL")]
        return StoredLineage(
            datasets=[
                _dataset(run.parent, source_id) for kind, source_id in sources if _is_dataset(run, kind, source_id)
            ],
            used_models=[self._models[model_id][0] for model_id in used if model_id in self._models],
            made_models=[model for model, maker in self._models.values() if maker == run_id],
            registered=self._registered.get(run_id, []),
        )


def read_meta(folder: Path) -> dict[str, Any]:
    """Give what the folder says of itself. Raises UnreadableSource."""
    path = folder / _META
    try:
        said = bounded_yaml.load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableSource(f"{path} is no YAML: {error}") from None
    return said if isinstance(said, dict) else {}


def _location(folder: Path, said: dict[str, Any]) -> str:
    """Give where the files of a model are: beside it where there are any, also if the store was moved since."""
    beside = folder / "artifacts"
    return str(beside) if beside.is_dir() and any(beside.iterdir()) else str(said.get("artifact_location") or "")


def _is_dataset(run: Path, kind: str, source_id: str) -> bool:
    plain = Path(source_id).name == source_id
    return kind == "DATASET" and plain and (run.parent / "datasets" / source_id / _META).is_file()


def _dataset(experiment: Path, source_id: str) -> DatasetInput:
    said = read_meta(experiment / "datasets" / source_id)
    name, digest, source_type, source = (
        str(said.get(key) or "") for key in ("name", "digest", "source_type", "source")
    )
    return DatasetInput(name or "dataset", digest, source_type, source)


def _registered(models: Path) -> Iterator[tuple[str, RegisteredVersion]]:
    for path in sorted(models.glob(f"*/version-*/{_META}")):
        said = read_meta(path.parent)
        version = int(path.parent.name.removeprefix("version-"))
        aliases = sorted((path.parent.parent / "aliases").glob("*"))
        yield (
            str(said.get("run_id") or ""),
            RegisteredVersion(
                path.parent.parent.name,
                version,
                str(said.get("source") or ""),
                str(said.get("description") or ""),
                str(said.get("current_stage") or ""),
                [alias.name for alias in aliases if alias.is_file() and alias.read_text().strip() == str(version)],
            ),
        )
