"""Imported history: chunks that were one where they come from become one again, and runs count what they keep.

The compacted form is made here: it holds the ids of its chunks, which are others in each database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from projects.compaction.chunk_parts import bare_parts
from projects.models import HistoryChunk
from projects.quota import count_run
from projects.runs.history_compaction import merge_again

_AT_ONCE = 20


@dataclass
class CompactedGroups:
    """Which chunks of an archive were one: by run (as the archive numbers it), stream and first position, how many."""

    groups: list[tuple[int, str, int, int]] = field(default_factory=list)

    def noted(self, chunks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Give the chunks on, and keep what is said of those that were one."""
        for said in chunks:
            # An archive from before that was said has none.
            if (count := said.get("compacted")) is not None:
                self.groups.append((said["run"], said["stream"], said["position"], int(count)))
            yield said

    def merge(self, runs: Mapping[int, int], alive: Callable[[], object]) -> None:
        """Make them one again; twice is as good as once."""
        for run, stream, position, count in self.groups:
            alive()
            if run in runs:
                merge_again(runs[run], stream, position, count)


def parts_there(rows: Sequence[HistoryChunk]) -> dict[tuple[Any, ...], int]:
    """Give the chunks that stand in compacted ones around these, by run, stream and offset."""
    offsets = [row.offset for row in rows]
    there = HistoryChunk.objects.filter(run__in={row.run_id for row in rows}, part_count__isnull=False)
    near = there.annotate(end=F("offset") + F("row_count")).filter(offset__lte=max(offsets), end__gt=min(offsets))
    chunks = near.defer("rows", "sample").iterator(chunk_size=_AT_ONCE)
    return {(part.run_id, part.stream, part.offset): part.pk for chunk in chunks for part in bare_parts(chunk)}


def count_runs(runs: Iterable[int], alive: Callable[[], object]) -> None:
    """Count what each keeps as it is stored here."""
    for pk in runs:
        alive()
        count_run(pk)
