"""Row tombstone: what stays known of removed rows, so that a second `wandb sync` brings none of them back.

Of rows that a rewind took back digests stay: a second `wandb sync` of a folder that was written with `resume_from`
rewinds again, and sends the same rows again. They are stored then, and not judged a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from projects.history.row_values import HistoryRow, number
from projects.models import RewoundRows, Run, Stream

# Of so many rows of a run it stays known that they were judged; the oldest are forgotten.
MOST_REWOUND = 200_000
DIGEST_BYTES = 8


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


def digest_of(row: HistoryRow) -> bytes | None:
    """Give what the row is known by when it comes again; None where no time in it tells it from another."""
    if number(row.get("_timestamp")) is None:
        return None
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest()[:DIGEST_BYTES]


def keep_rewound(locked: Run, rows: Iterable[HistoryRow]) -> None:
    """Keep of the rows that a rewind takes back that they were judged."""
    known, _created = RewoundRows.objects.get_or_create(run=locked)
    new = {digest for row in rows if (digest := digest_of(row)) is not None} - _split(bytes(known.digests))
    if new:
        known.digests = (bytes(known.digests) + b"".join(sorted(new)))[-MOST_REWOUND * DIGEST_BYTES :]
        known.save(update_fields=["digests"])


def rewound_digests(run: Run) -> set[bytes]:
    found = RewoundRows.objects.filter(run=run).values_list("digests", flat=True).first()
    return _split(bytes(found or b""))


def _split(digests: bytes) -> set[bytes]:
    return {digests[place : place + DIGEST_BYTES] for place in range(0, len(digests), DIGEST_BYTES)}
