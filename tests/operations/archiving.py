"""Run as a program on the database of a Runbell that exports and imports.

python -m tests.operations.archiving prepare   runs that logged, an artifact with a file; prints API keys as JSON
python -m tests.operations.archiving expire    as if the leases of jobs whose process was killed had run out
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

django.setup()

from artifacts.services import get_or_create_collection  # noqa: E402
from common.data.database_clock import database_now  # noqa: E402
from operations.models import ArchiveJob  # noqa: E402
from projects.runs.ingest import ingest_rows  # noqa: E402
from projects.runs.lifecycle import finish_run  # noqa: E402
from tests.artifacts.sending import sent  # noqa: E402
from tests.world import make_world  # noqa: E402


def prepare() -> None:
    world = make_world()
    for number in range(3):
        run = world.run(f"run{number}")
        ingest_rows(run, 0, [{"_step": step, "loss": step / 7} for step in range(500)])
        finish_run(run, 0)
    made, _created = get_or_create_collection(world.project, "model", "model")
    sent(made, {"weights.bin": b"weights"}, "d0")
    print(json.dumps(world.keys))


def expire() -> None:
    ArchiveJob.objects.filter(finished_at=None).update(leased_until=database_now() - timedelta(seconds=1))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
