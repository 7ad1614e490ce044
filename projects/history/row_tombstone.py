"""Row tombstone: what stays known of removed rows, so that a second `wandb sync` brings none of them back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from projects.history.row_values import HistoryRow, number
from projects.models import Run, Stream


@dataclass(frozen=True)
class RowTombstone:
    """Up to which time, step and line the rows of a stream were there, how many went, and when the last ones did."""

    at: datetime
    rows: int = 0
    time: float | None = None
    step: float | None = None
    line: int = 0
    # Nothing is left but the last row.
    is_complete: bool = False

    @classmethod
    def of(cls, run: Run, stream: str) -> RowTombstone | None:
        said: dict[str, Any] | None = (run.removed_rows or {}).get(str(stream))
        return None if said is None else cls(**{**said, "at": datetime.fromisoformat(said["at"])})

    def put(self, run: Run, stream: str) -> None:
        """Note it on the run, which the caller saves."""
        said = {**asdict(self), "at": self.at.isoformat()}
        run.removed_rows = {**(run.removed_rows or {}), str(stream): said}

    def holds(self, row: HistoryRow, place: float | None, line: int) -> bool:
        """Whether such a row was there before, for all that is known.

        By the time in it, which the SDK writes: a script that begins anew under the same id counts its steps and lines
        from 0 again, and says later times.
        """
        time = number(row.get("_timestamp"))
        if time is not None:
            return self.time is not None and time <= self.time
        if place is not None:
            return self.step is not None and place <= self.step
        return line < self.line


def removed_rows(run: Run) -> list[tuple[str, RowTombstone]]:
    """Give the streams, as people read them, of which retention removed rows."""
    found = ((stream.label, RowTombstone.of(run, stream)) for stream in Stream)
    return [(str(label), tombstone) for label, tombstone in found if tombstone is not None and tombstone.rows]
