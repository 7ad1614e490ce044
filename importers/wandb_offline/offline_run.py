"""Runs that the wandb SDK wrote offline (`WANDB_MODE=offline`), from their folders: no SDK and no `wandb sync` needed.

Rows are made as wandb-core makes them, so that a folder that is synced later says nothing new. A run that was resumed
offline has a folder for each time; they are one run here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from importers.artifact_import import files_below
from importers.imported_run import ImportedFile, ImportedRun, UnreadableSource
from importers.wandb_offline import record_values as values
from importers.wandb_offline.folder_records import FolderRecords
from importers.wandb_offline.record_values import json_value, nanoseconds_of, put_items, records_of, seconds_of
from projects.history.row_values import HistoryRow

_PATTERN = "run-*.wandb"
_NOTHING = (
    "{} holds no offline run. Name the folder that WANDB_DIR was, or its wandb/, or one offline-run-… of it: "
    "the runs are files called run-<id>.wandb."
)
# Where scripts log that name no project, with the wandb SDK.
_NO_PROJECT = "uncategorized"


def runs_in_folder(folder: Path, *, project: str = "", by_reference: bool = False) -> Iterator[ImportedRun]:
    """Give each run below the folder, the one that began first first. Raises UnreadableSource."""
    # Not twice: latest-run is a link to one of them.
    files = [path for path in sorted(folder.rglob(_PATTERN)) if path.is_file() and not path.parent.is_symlink()]
    if not files:
        raise UnreadableSource(_NOTHING.format(folder))
    runs: dict[tuple[str, str], list[FolderRecords]] = defaultdict(list)
    for part in (FolderRecords.of(file, by_reference=by_reference) for file in files):
        # A script that was killed at once has not said yet what it runs.
        if part.name:
            runs[project or part.run.text(3) or _NO_PROJECT, part.name].append(part)
    for (wanted, _name), parts in sorted(runs.items(), key=lambda one: min(part.started_at for part in one[1])):
        yield _imported(wanted, sorted(parts, key=lambda part: part.started_at))


def _imported(project: str, parts: Sequence[FolderRecords]) -> ImportedRun:
    """Make one run of its folders, the oldest first: the last one says how it ended, and has the last word."""
    first, last = parts[0], parts[-1]
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    for part in parts:
        config |= part.config
        summary |= part.summary
    return ImportedRun(
        project=project,
        name=last.name,
        state=last.state,
        started_at=first.started_at,
        ended_at=last.ended_at,
        details=last.details(config),
        username=last.environment.text(13),
        exit_code=last.exit_code,
        fork=first.fork,
        rows=partial(_rows, parts),
        system_rows=partial(_system_rows, parts),
        summary=summary or None,
        output=lambda: [line for part in parts for line in part.output_lines()],
        artifacts=[artifact for part in parts for artifact in part.artifacts],
        uses=[use for part in parts for use in part.uses],
        alerts=[alert for part in parts for alert in part.alerts],
        files=partial(_files, parts),
    )


def _rows(parts: Sequence[FolderRecords]) -> Iterator[HistoryRow]:
    for part in parts:
        for kind, record in records_of(part.file):
            if kind == values.HISTORY:
                row: dict[str, Any] = {}
                put_items(row, record.messages(1))
                row.setdefault("_step", record.message(2).integer(1))
                yield row


def _system_rows(parts: Sequence[FolderRecords]) -> Iterator[HistoryRow]:
    for part in parts:
        for kind, record in records_of(part.file):
            if kind == values.STATS:
                at = record.message(2)
                said = {f"system.{item.text(1)}": _plain(json_value(item.text(16))) for item in record.messages(3)}
                runtime = (nanoseconds_of(at) - part.started_nanoseconds) / 1e9
                yield {"_wandb": True, "_timestamp": seconds_of(at), "_runtime": max(runtime, 0), **said}


def _plain(value: Any) -> Any:
    """Give a whole number as one: so wandb-core writes it, and rows are known by how they are written."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def _files(parts: Sequence[FolderRecords]) -> Iterator[ImportedFile]:
    return chain.from_iterable(files_below(part.file.parent / "files", by_reference=False) for part in parts)
