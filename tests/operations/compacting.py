"""Run as a program on the database of a Runbell whose history is compacted, to be killed meanwhile.

python -m tests.operations.compacting fill      runs that logged hours ago, in many chunks; a report as below
python -m tests.operations.compacting compact   a report, a line for each turn of the walk, and a report once it is over
python -m tests.operations.compacting report    a report
python -m tests.operations.compacting compact_all  all there is, to the end; how many rows of each kind, as JSON

A report is a line of JSON: a digest of all rows in their order, how many there are, chunks, open chunks, and by how
many bytes the runs' own counts are wrong.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import timedelta

import django

django.setup()

from django.db.models import Sum  # noqa: E402

from common.data.database_clock import database_now  # noqa: E402
from operations.compaction import table_walk_progress  # noqa: E402
from operations.compaction.kinds import history_chunks  # noqa: E402
from operations.compaction.table_walk import registry  # noqa: E402
from operations.models import WalkProgress  # noqa: E402
from projects.compaction.chunk_parts import STORED_SIZE, expanded  # noqa: E402
from projects.models import HistoryChunk, Run  # noqa: E402
from projects.runs.ingest import ingest_rows  # noqa: E402
from tests.world import make_world  # noqa: E402

RUNS, POSTS, ROWS = 6, 50, 50


def fill() -> None:
    world = make_world()
    runs = [world.run(f"run{number}") for number in range(RUNS)]
    for begin in range(0, POSTS * ROWS, ROWS):
        rows = [{"_step": step, "loss": step / 7, "acc": 0.25} for step in range(begin, begin + ROWS)]
        for run in runs:
            ingest_rows(run, begin, rows)
    HistoryChunk.objects.update(created_at=database_now() - timedelta(hours=3))
    table_walk_progress.walk_some()
    report()


def compact() -> None:
    report()
    # Each turn as short as can be; the pause that a killed one leaves is over.
    table_walk_progress._TURN_SECONDS, history_chunks._MOST_MERGES = 0, 1
    walks = WalkProgress.objects.filter(name="history_chunks")
    WalkProgress.objects.exclude(name="history_chunks").delete()
    walks.update(due_at=database_now() - timedelta(seconds=1))
    while walks.filter(due_at__lte=database_now()).exists():
        print(table_walk_progress.walk_some(), flush=True)
    report()


def compact_all() -> None:
    print(json.dumps({walk.key: table_walk_progress.walk_all(walk) for walk in registry}))


def report() -> None:
    digest, rows, lost = hashlib.sha256(), 0, 0
    for run in Run.objects.order_by("pk"):
        for part in expanded(HistoryChunk.objects.filter(run=run).order_by("stream", "position")):
            digest.update(json.dumps([run.name, part.stream, part.pk, part.offset, part.position, part.rows]).encode())
            rows += len(part.rows)
        lost += (run.bytes_logged or 0) - (run.chunks.aggregate(total=Sum(STORED_SIZE))["total"] or 0)
    chunks = HistoryChunk.objects.all()
    found = {
        "digest": digest.hexdigest(), "rows": rows, "chunks": chunks.count(),
        "open": chunks.filter(packed__isnull=True).count(), "bytes_wrong": lost,
    }  # fmt: skip
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
