"""Stream offsets: the line numbers that a client counts, and those in the database.

They are the same until a script starts again under the id of a run that has ended, without resuming it: the wandb
SDK then goes on with the history where it stood, and counts what it prints and system metrics from 0. So that
nothing is taken for a repeat, its line 0 then stands behind what is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models import QuerySet

from common.statements.prepared_query import PreparedQuery
from projects.history.console_output import cleaned, output_line_count, output_lines_from
from projects.models import HistoryChunk, Run, Stream

OUTPUT_STREAM = "output"
# Where line 0 of each earlier client stands in the console output.
_EARLIER_OUTPUT = "earlier_output"
_MOST_EARLIER = 50
# The time before a line is that of the SDK which sends it: `wandb sync` writes its own.
_TIME = re.compile(r"^(ERROR )?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+ ")
_COMPARED = 50


def next_offset(run: Run, stream: str = Stream.HISTORY) -> int:
    """Give the line number at which the stream goes on."""
    last = _last_chunk.first(run=run.pk, stream=str(stream))
    return last.offset + last.row_count if last else 0


def _newest_chunk(run: int, stream: str) -> QuerySet[HistoryChunk]:
    rows = HistoryChunk.objects.filter(run=run, stream=stream).only("offset", "row_count")
    return rows.order_by("-offset")[:1]


_last_chunk = PreparedQuery(_newest_chunk, run=int, stream=str)


def client_line_counts(run: Run) -> dict[str, int]:
    """Give how many lines of each the client has sent, as it counts them itself."""
    return {
        Stream.HISTORY.value: next_offset(run),
        Stream.SYSTEM.value: next_offset(run, Stream.SYSTEM) - run.client_offset_base(Stream.SYSTEM),
        OUTPUT_STREAM: output_line_count(run) - run.client_offset_base(OUTPUT_STREAM),
    }


def reset_client_offsets(locked: Run) -> None:
    """Let a client that did not resume the run count from 0 again. The caller saves `line_bases`."""
    earlier = [*locked.line_bases.get(_EARLIER_OUTPUT, []), locked.client_offset_base(OUTPUT_STREAM)]
    locked.line_bases = {
        Stream.SYSTEM.value: next_offset(locked, Stream.SYSTEM),
        OUTPUT_STREAM: output_line_count(locked),
        _EARLIER_OUTPUT: earlier[-_MOST_EARLIER:],
    }


def find_resent_output(locked: Run, offset: int, lines: Sequence[str]) -> list[str]:
    """Where a client sends console output that is there already, let it count from where that stands.

    Give the columns, which the caller saves. A folder that is synced again sends all it has, and perhaps more. Asked
    only of a client that has said nothing new yet: a script that begins anew may print the same.
    """
    sent = [_TIME.sub("", cleaned(line)) for line in lines[:_COMPARED]]
    for base in reversed(locked.line_bases.get(_EARLIER_OUTPUT, [])):
        stored = [_TIME.sub("", line) for _number, line in output_lines_from(locked, base + offset, len(sent))]
        if stored and stored == sent[: len(stored)]:
            locked.line_bases = {**locked.line_bases, OUTPUT_STREAM: base}
            return ["line_bases"]
    return []
