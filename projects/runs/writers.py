"""Writers of a shared run: several processes of one training log into it (`mode="shared"`), each with a client id.

Only one of them, the primary, says how the machine is and ends the run. So none of the others revives a run that is
over, however late its last posts come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projects.history.console_output import output_line_count, store_output
from projects.models import Run

# So many writers of a run are known by name: a training has one for each of its processes.
_MOST_WRITERS = 4096
_PRIMARY, _LINES = "primary", "lines"


def note_writer(locked: Run, writer: str, telemetry: Mapping[str, Any] | None = None) -> bool:
    """Note that the client writes the locked run; give whether it says now, for the first time, that it is the primary.

    The caller saves `writers`. The primary alone tells the SDK's telemetry of its machine, under its client id.
    """
    known: dict[str, Any] = locked.writers.get(writer, {})
    begins = writer in machines_of(telemetry) and not known.get(_PRIMARY)
    if begins or writer not in locked.writers:
        newest = list(locked.writers.items())[-_MOST_WRITERS + 1 :]
        locked.writers = {**dict(newest), writer: {**known, _PRIMARY: True} if begins else known}
    return begins


def machines_of(telemetry: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Give the machines that the SDK's telemetry tells of, by client id; none where a client says anything else."""
    found = (telemetry or {}).get("e")
    return found if isinstance(found, Mapping) else {}


def may_end(locked: Run, writer: str) -> bool:
    """Whether the client's end is that of the run: not where another is the primary."""
    primaries = [name for name, known in locked.writers.items() if known.get(_PRIMARY)]
    return not writer or not primaries or writer in primaries


def store_shared_output(locked: Run, writer: str, offset: int, lines: Sequence[str]) -> int:
    """Store what one of several writers printed behind what all have; give how many lines were new."""
    known: dict[str, Any] = locked.writers.get(writer, {})
    seen: int = known.get(_LINES, 0)
    new = lines[max(0, seen - offset) :]
    if new:
        store_output(locked, output_line_count(locked), new)
        locked.writers = {**locked.writers, writer: {**known, _LINES: offset + len(lines)}}
        locked.save(update_fields=["writers"])
    return len(new)
