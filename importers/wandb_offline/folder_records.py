"""What the folder of an offline run says beside its rows, gathered from its records in one pass."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importers.imported_run import ImportedAlert, ImportedArtifact, ImportedFile, ImportedUse
from importers.wandb_offline import record_values as values
from importers.wandb_offline.record_values import (
    nanoseconds_of,
    put_items,
    records_of,
    remove_items,
    seconds_of,
)
from importers.wandb_offline.wire_format import Message
from projects.models import RunState
from projects.runs.branching import BranchPoint
from projects.runs.lifecycle import RunDetails


@dataclass
class FolderRecords:
    """One `.wandb` file. The newest record of a kind has the last word, as it has with W&B."""

    file: Path
    by_reference: bool = False
    run: Message = field(default_factory=Message)
    environment: Message = field(default_factory=Message)
    telemetry: Message = field(default_factory=Message)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: list[ImportedArtifact] = field(default_factory=list)
    uses: list[ImportedUse] = field(default_factory=list)
    alerts: list[ImportedAlert] = field(default_factory=list)
    exit_code: int | None = None
    is_preempting: bool = False
    started_nanoseconds: int = 0
    last_seconds: float = 0.0

    @classmethod
    def of(cls, file: Path, *, by_reference: bool) -> FolderRecords:
        found = cls(file, by_reference)
        for kind, record in records_of(file):
            found._take(kind, record)
        return found

    @property
    def name(self) -> str:
        return self.run.text(1)

    @property
    def started_seconds(self) -> float:
        return self.started_nanoseconds / 1e9

    @property
    def started_at(self) -> datetime:
        return datetime.fromtimestamp(self.started_seconds, UTC)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None where its script never said so."""
        if self.exit_code is None:
            return None
        return datetime.fromtimestamp(max(self.last_seconds, self.started_seconds), UTC)

    @property
    def state(self) -> RunState:
        if self.exit_code is None:
            return RunState.CRASHED
        if self.exit_code == 0:
            return RunState.FINISHED
        return RunState.PREEMPTED if self.is_preempting else RunState.FAILED

    @property
    def fork(self) -> BranchPoint | None:
        """The run that it goes on from; a rewind of itself is none."""
        point = self.run.message(23)
        parent = point.text(1)
        return BranchPoint(parent, point.double(2)) if parent and parent != self.name else None

    def details(self, config: dict[str, Any]) -> RunDetails:
        run, environment = self.run, self.environment
        told = {"cli_version": self.telemetry.text(5), "python_version": self.telemetry.text(4)}
        return RunDetails(
            display_name=run.text(8)[:255],
            config={key: value for key, value in config.items() if key != "_wandb"},
            tags=run.all_texts(10),
            group=run.text(6)[:128],
            job_type=run.text(7)[:64],
            notes=run.text(9),
            program=environment.text(6),
            host=(run.text(13) or environment.text(12))[:255],
            commit=(run.message(21).text(2) or environment.message(9).text(2))[:64],
            telemetry={name: text for name, text in told.items() if text},
        )

    def output_lines(self) -> Iterator[str]:
        """Give the lines that were printed: a record is a piece of what was written."""
        printed = "".join(record.text(3) for kind, record in records_of(self.file) if kind == values.OUTPUT)
        yield from printed.splitlines()

    def _take(self, kind: int, record: Message) -> None:
        taken = _TAKEN.get(kind)
        if taken is not None:
            taken(self, record)

    def _take_run(self, record: Message) -> None:
        self.run = record
        self.started_nanoseconds = nanoseconds_of(record.message(17)) or self.started_nanoseconds
        put_items(self.config, record.message(4).messages(1))
        if record.has(19):
            self.telemetry = record.message(19)

    def _take_config(self, record: Message) -> None:
        put_items(self.config, record.messages(1))
        remove_items(self.config, record.messages(2))

    def _take_summary(self, record: Message) -> None:
        put_items(self.summary, record.messages(1))
        remove_items(self.summary, record.messages(2))
        at = self.summary.get("_timestamp")
        if isinstance(at, (int, float)):
            self.last_seconds = max(self.last_seconds, at)

    def _take_environment(self, record: Message) -> None:
        # The first says what runs, the others what it runs on.
        self.environment = record if record.has(6) or not self.environment.data else self.environment

    def _take_telemetry(self, record: Message) -> None:
        self.telemetry = record

    def _take_times(self, record: Message) -> None:
        self.last_seconds = max(self.last_seconds, seconds_of(record.message(2)))

    def _take_exit(self, record: Message) -> None:
        self.exit_code = record.integer(1)
        self.last_seconds = max(self.last_seconds, self.started_seconds + record.integer(2))

    def _take_preempting(self, record: Message) -> None:
        self.is_preempting = True

    def _take_alert(self, record: Message) -> None:
        # It says no time of its own: it came after all that was read so far.
        at = datetime.fromtimestamp(max(self.last_seconds, self.started_seconds), UTC)
        self.alerts.append(ImportedAlert(record.text(1), record.text(2), record.text(3) or "INFO", at))

    def _take_artifact(self, record: Message) -> None:
        name, kind = record.text(5), record.text(4)
        self.artifacts.append(
            ImportedArtifact(
                name,
                kind,
                lambda: [_file(entry, by_reference=self.by_reference) for entry in _manifest_entries(record)],
                aliases=record.all_texts(11),
                tags=record.all_texts(19),
                description=record.text(7) or None,
                metadata=_metadata(record.text(8)),
                # A draft that was given to `use_artifact`.
                is_used=bool(record.integer(10)),
            )
        )

    def _take_use(self, record: Message) -> None:
        self.uses.append(ImportedUse(record.text(3), record.text(2)))


_TAKEN = {
    values.RUN: FolderRecords._take_run,
    values.CONFIG: FolderRecords._take_config,
    values.SUMMARY: FolderRecords._take_summary,
    values.ENVIRONMENT: FolderRecords._take_environment,
    values.TELEMETRY: FolderRecords._take_telemetry,
    values.STATS: FolderRecords._take_times,
    values.OUTPUT: FolderRecords._take_times,
    values.EXIT: FolderRecords._take_exit,
    values.PREEMPTING: FolderRecords._take_preempting,
    values.ALERT: FolderRecords._take_alert,
    values.ARTIFACT: FolderRecords._take_artifact,
    values.USE: FolderRecords._take_use,
}


@dataclass(frozen=True)
class _ManifestEntry:
    """A line of the artifact's list of files, wherever that stands."""

    path: str
    digest: str
    reference: str
    size: int
    local_path: str


def _manifest_entries(record: Message) -> Iterator[_ManifestEntry]:
    """Give the files of the artifact. A long list stands in a file of its own, a line of JSON each."""
    manifest = record.message(12)
    for entry in manifest.messages(4):
        yield _ManifestEntry(entry.text(1), entry.text(2), entry.text(3), entry.integer(4), entry.text(6))
    if manifest.text(5):
        with gzip.open(manifest.text(5), "rt") as lines:
            for said in map(json.loads, lines):
                yield _ManifestEntry(
                    str(said.get("path", "")), str(said.get("digest", "")), str(said.get("ref") or ""),
                    int(said.get("size") or 0), str(said.get("local_path") or ""),
                )  # fmt: skip


def _file(entry: _ManifestEntry, *, by_reference: bool) -> ImportedFile:
    if entry.reference:
        return ImportedFile(entry.path, reference=entry.reference, digest=entry.digest, size=entry.size)
    content = Path(entry.local_path)
    if by_reference:
        return ImportedFile(entry.path, reference=content.resolve().as_uri(), digest=entry.digest, size=entry.size)
    return ImportedFile(entry.path, content=content)


def _metadata(text: str) -> dict[str, Any]:
    found = values.json_value(text) if text else {}
    return found if isinstance(found, dict) else {}
