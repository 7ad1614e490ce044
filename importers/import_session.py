"""Import of many runs, one after the other, with progress: what one of them cannot be does not stop the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError

from common.data.validation_errors import TooMuch
from importers.imported_run import ImportedRun
from importers.run_import import RunImport, import_run
from projects.models import Run
from teams.models import Team, User

# How often a long run says how far it is.
_TELL_EACH_SECONDS = 5.0


@dataclass
class ImportReport:
    """What came of an import: how much was new, what there was already, and what could not be kept."""

    runs: list[Run] = field(default_factory=list)
    created: int = 0
    unchanged: int = 0
    rows: int = 0
    versions: int = 0
    files: int = 0
    problems: list[str] = field(default_factory=list)
    began_at: datetime | None = None

    def add(self, done: RunImport, imported: ImportedRun) -> None:
        self.runs.append(done.run)
        self.created += done.created
        self.unchanged += done.is_unchanged
        self.rows += done.rows
        self.versions += done.versions
        self.files += done.files
        self.problems += [f"{imported.project}/{imported.name}: {note}" for note in done.notes]
        self.began_at = min(self.began_at or imported.started_at, imported.started_at)

    @property
    def sentence(self) -> str:
        return (
            f"{len(self.runs)} runs: {self.created} new, {self.unchanged} there already. "
            f"New: {self.rows:,} rows, {self.versions} versions of artifacts, {self.files} files."
        )


def import_runs(
    team: Team, runs: Iterable[ImportedRun], *, by: User | None, tell: Callable[[str], object]
) -> ImportReport:
    """Import the runs, the parents of forks first; `tell` hears a line for each.

    Raises TooMuch where the team has no room: what was imported until then stays, and the same import goes on later.
    """
    report, ordered = ImportReport(), parents_first(list(runs))
    for number, imported in enumerate(ordered, 1):
        place = f"{number} of {len(ordered)}: {imported.project}/{imported.name}"
        try:
            done = import_run(team, imported, by=by, told=_Progress(place, tell).note_rows)
        except TooMuch:
            raise
        except ValidationError as error:
            report.problems.append(f"{imported.project}/{imported.name}: {' '.join(error.messages)}")
            tell(f"{place}: left out")
            continue
        report.add(done, imported)
        tell(f"{place}: {_outcome(done)}")
    return report


def parents_first(runs: Sequence[ImportedRun]) -> list[ImportedRun]:
    """Give the runs in their order, but each fork behind the run that it goes on from."""
    named = {(run.project, run.name): run for run in runs}
    ordered: dict[tuple[str, str], ImportedRun] = {}

    for run in runs:
        line, seen = [run], {run.name}
        while line[-1].fork is not None and line[-1].fork.run not in seen:
            parent = named.get((run.project, line[-1].fork.run))
            if parent is None:
                break
            seen.add(parent.name)
            line.append(parent)
        for one in reversed(line):
            ordered.setdefault((one.project, one.name), one)
    return list(ordered.values())


def _outcome(done: RunImport) -> str:
    if done.is_unchanged:
        return "nothing new"
    return f"{done.rows:,} new rows" if not done.created else f"new, {done.rows:,} rows"


class _Progress:
    """Says of a long run every few seconds how far it is."""

    def __init__(self, place: str, tell: Callable[[str], object]) -> None:
        self._place, self._tell, self._told_at = place, tell, time.monotonic()

    def note_rows(self, rows: int) -> None:
        if time.monotonic() - self._told_at >= _TELL_EACH_SECONDS:
            self._told_at = time.monotonic()
            self._tell(f"{self._place}: {rows:,} rows so far")
