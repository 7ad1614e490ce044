"""A client's line numbers, and those in the database.

They are the same until a script starts again under the id of a run that has ended, without resuming it: the wandb
SDK then goes on with the history where it stood, and counts what it prints and system metrics from 0. So that
nothing is taken for a repeat, its line 0 then stands behind what is there.
"""

from __future__ import annotations

from projects.models import Run, Stream
from projects.output import output_count

OUTPUT = "output"


def next_offset(run: Run, stream: str = Stream.HISTORY) -> int:
    """Give the line number at which the stream goes on."""
    last = run.chunks.filter(stream=stream).order_by("-offset").values_list("offset", "row_count").first()
    return sum(last) if last else 0


def base(run: Run, stream: str) -> int:
    """Give what is to be added to a client's line number."""
    found: int = run.line_bases.get(str(stream), 0)
    return found


def client_counts(run: Run) -> dict[str, int]:
    """Give how many lines of each the client has sent, as it counts them itself."""
    return {
        Stream.HISTORY.value: next_offset(run),
        Stream.SYSTEM.value: next_offset(run, Stream.SYSTEM) - base(run, Stream.SYSTEM),
        OUTPUT: output_count(run) - base(run, OUTPUT),
    }


def begin_anew(locked: Run) -> None:
    """Let the client count from 0 again. The caller saves `line_bases`."""
    locked.line_bases = {Stream.SYSTEM.value: next_offset(locked, Stream.SYSTEM), OUTPUT: output_count(locked)}
