"""A run of MLflow in our words: parameters are its config, metrics its rows, tags and artifacts what they are.

MLflow keeps every value with its own time, so a row is what was logged at one step and one time: such rows stay the
same however far the run goes on, and a second import knows them again.
"""

from __future__ import annotations

import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from importers.imported_run import ImportedArtifact, ImportedRun
from importers.mlflow.stored_lineage import RunFiles, StoredLineage, artifacts_of
from importers.source_names import project_name
from projects.forms import LONGEST_TAG
from projects.history.row_values import HistoryRow
from projects.models import RunState
from projects.runs.lifecycle import RunDetails

# By name as its databases have it, and by number as its folders do.
_STATES = {
    "RUNNING": RunState.CRASHED, "SCHEDULED": RunState.PENDING, "FINISHED": RunState.FINISHED,
    "FAILED": RunState.FAILED, "KILLED": RunState.KILLED,
    1: RunState.CRASHED, 2: RunState.PENDING, 3: RunState.FINISHED, 4: RunState.FAILED, 5: RunState.KILLED,
}  # fmt: skip
_STILL_RUNNING = ("RUNNING", "SCHEDULED", 1, 2)
_EXIT_CODES = {RunState.FINISHED: 0, RunState.FAILED: 1}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORDS: dict[str, Any] = {"True": True, "False": False, "None": None}
# Tags that are a part of the run here, and those that say what a run page shows anyway.
_SYSTEM = "mlflow."


@dataclass(frozen=True)
class MetricPoint:
    """One logged value, as every store of MLflow keeps it; the time is in milliseconds."""

    metric: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True)
class MLflowRun:
    """What a store says of a run. `points` is asked for when the rows are written."""

    run_id: str
    experiment: str
    name: str
    status: str | int
    start_time: int | None
    end_time: int | None
    user: str
    artifact_uri: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    points: Callable[[], Iterable[MetricPoint]]
    lineage: StoredLineage = StoredLineage()
    # Of all logged models of the store, by their ids.
    model_locations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MLflowOptions:
    """What the person who imports chose: one project for all, and whether artifacts stay where they are."""

    project: str = ""
    by_reference: bool = False


def imported_run(found: MLflowRun, options: MLflowOptions) -> ImportedRun:
    state = _STATES.get(found.status, RunState.CRASHED)
    started_at = _moment(found.start_time) or datetime.now(UTC)
    is_over = found.status not in _STILL_RUNNING
    return ImportedRun(
        project=options.project or project_name(found.experiment, "mlflow"),
        name=found.run_id,
        state=state,
        started_at=started_at,
        ended_at=(_moment(found.end_time) or started_at) if is_over else None,
        details=_details(found),
        username=found.tags.get("mlflow.user") or found.user,
        exit_code=_EXIT_CODES.get(state),
        rows=lambda: rows_of_points(list(found.points())),
        artifacts=list(_artifacts(found, options)),
    )


def _details(found: MLflowRun) -> RunDetails:
    tags = found.tags
    return RunDetails(
        display_name=(found.name or tags.get("mlflow.runName", ""))[:255],
        config={name: plain_value(text) for name, text in found.params.items()},
        tags=[_tag(name, text) for name, text in sorted(tags.items()) if not name.startswith(_SYSTEM)],
        # Its nested runs are a group of the run that they are in.
        group=tags.get("mlflow.parentRunId", "")[:128],
        notes=tags.get("mlflow.note.content", ""),
        program=tags.get("mlflow.source.name", ""),
        commit=tags.get("mlflow.source.git.commit", "")[:64],
    )


def plain_value(text: str) -> Any:
    """Give a parameter as the script had it, where that is plain: MLflow keeps texts alone, and filters compare."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    value = float(text)
    is_whole = text.lstrip("+-").isdigit() and abs(value) < 2**53
    return int(text) if is_whole else value if math.isfinite(value) else text


def _tag(name: str, text: str) -> str:
    return (f"{name}={text}" if text else name)[:LONGEST_TAG]


def rows_of_points(points: Sequence[MetricPoint]) -> Iterator[HistoryRow]:
    """Give the rows in the order in which they were logged."""
    by_time = _repeats_a_step(points)
    rows: dict[tuple[int, int, int], dict[str, Any]] = {}
    seen: dict[tuple[str, int, int], int] = defaultdict(int)
    for point in sorted(points, key=lambda one: (one.timestamp, one.step)):
        step = 0 if by_time else point.step
        # The same metric twice at one moment makes two rows.
        again = seen[point.metric, point.timestamp, step]
        seen[point.metric, point.timestamp, step] += 1
        row = rows.setdefault((point.timestamp, step, again), {"_step": step, "_timestamp": point.timestamp / 1000})
        row[point.metric] = point.value
    for number, row in enumerate(rows.values()):
        yield {**row, "_step": number} if by_time else row


def _repeats_a_step(points: Iterable[MetricPoint]) -> bool:
    """Whether the steps say nothing: MLflow writes 0 where a script names none. Then the time numbers the rows."""
    seen = set[tuple[str, int]]()
    for point in points:
        if (point.metric, point.step) in seen:
            return True
        seen.add((point.metric, point.step))
    return False


def stored_value(value: float, *, is_nan: bool) -> float:
    """Give what was logged: databases of MLflow keep NaN beside a 0, and infinity as the largest number there is."""
    if is_nan:
        return math.nan
    if abs(value) >= sys.float_info.max:
        return math.copysign(math.inf, value)
    return value


def _artifacts(found: MLflowRun, options: MLflowOptions) -> Iterator[ImportedArtifact]:
    """Give the run's artifacts as one version, and what else MLflow says that it made or used."""
    files = RunFiles(found.run_id, found.artifact_uri, found.model_locations, by_reference=options.by_reference)
    if found.artifact_uri:
        name = f"run-{found.run_id}-artifacts"
        yield ImportedArtifact(name, "mlflow-artifacts", lambda: files.at(found.artifact_uri))
    yield from artifacts_of(found.lineage, files)


def _moment(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (OverflowError, ValueError, OSError):
        return None
