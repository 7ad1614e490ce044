"""What every source says of a run, in neutral words: what `importers.run_import` writes. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from projects.history.row_values import HistoryRow
from projects.models import RunState
from projects.runs.branching import BranchPoint
from projects.runs.lifecycle import RunDetails

# Before this no clock of a script was right, and times near the year 1 are none in every time zone.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableSource(Exception):
    """What was named cannot be imported; the message says why, and what to name instead."""


@dataclass(frozen=True)
class ImportedFile:
    """A file of an artifact: its content on this machine, or the address where it stays."""

    path: str
    content: Path | None = None
    reference: str = ""
    digest: str = ""
    size: int = 0


@dataclass(frozen=True)
class ImportedArtifact:
    """A version that a run made, used, or both. `files` is asked for once, and only when it is written."""

    name: str
    type: str
    files: Callable[[], Iterable[ImportedFile]]
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    is_made: bool = True
    is_used: bool = False
    # A collection of the organization's registry `model`; with aliases and tags of its own there.
    linked_to: str = ""
    link_aliases: Sequence[str] = ()
    link_tags: Sequence[str] = ()


@dataclass(frozen=True)
class ImportedUse:
    """A version that a run used, of which only the name is known, such as `dataset:v3`: it may be here already."""

    name: str
    type: str


@dataclass(frozen=True)
class ImportedAlert:
    """What a script had to say (`run.alert`)."""

    title: str
    text: str
    level: str
    at: datetime


def _no_files() -> Iterator[ImportedFile]:
    return iter(())


def _no_rows() -> Iterator[HistoryRow]:
    return iter(())


def _no_output() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class ImportedRun:
    """A run as its source has it. Rows are read one by one: they may be more than fit into memory.

    Every row names its `_step` and its `_timestamp` (of system metrics: the latter), by which it is known again.
    A run that was still running there has no `ended_at`, and is crashed here: nobody sends its heartbeats to us.
    """

    project: str
    name: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    details: RunDetails
    username: str = ""
    exit_code: int | None = None
    fork: BranchPoint | None = None
    rows: Callable[[], Iterator[HistoryRow]] = _no_rows
    system_rows: Callable[[], Iterator[HistoryRow]] = _no_rows
    # What the source says of the summary beyond the last values.
    summary: dict[str, Any] | None = None
    # The lines that were printed.
    output: Callable[[], Sequence[str]] = _no_output
    artifacts: Sequence[ImportedArtifact] = ()
    uses: Sequence[ImportedUse] = ()
    alerts: Sequence[ImportedAlert] = ()
    # Those that the script saved with the run, such as config.yaml.
    files: Callable[[], Iterable[ImportedFile]] = _no_files
    # What the source holds and cannot be kept here.
    notes: Sequence[str] = ()
