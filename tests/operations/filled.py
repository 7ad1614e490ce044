"""Run as a program on the database of a Runbell that is backed up or moved.

python -m tests.operations.filled fill    a team with a secret, a webhook, deliveries and an event that wait, and a file
python -m tests.operations.filled log     log to a run without end, and say each row once it is committed
python -m tests.operations.filled report what is there, as JSON
"""

from __future__ import annotations

import io
import json
import sys
from itertools import count
from secrets import token_hex
from typing import Any

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.utils import timezone  # noqa: E402

from automations.models import Execution, ExecutionState  # noqa: E402
from events.models import Event  # noqa: E402
from operations.backup.backup import OF_PROCESSES  # noqa: E402
from projects.file_storage.services import read_file, store_file  # noqa: E402
from projects.models import HistoryChunk, Run, StoredFile  # noqa: E402
from projects.runs.ingest import ingest_rows  # noqa: E402
from secrets_vault.services import reveal  # noqa: E402
from teams.models import Team  # noqa: E402
from tests.world import FAILED, failed_at_once, make_world  # noqa: E402


def fill() -> None:
    world = make_world()
    world.secret("TOKEN", "the value of the token")
    world.webhook("http://127.0.0.1:9/hook")
    automation = world.automation(FAILED)
    pending = {"automation": automation, "team": world.team, "receiver_key": automation.receiver_key}
    Execution.objects.create(
        **pending, next_attempt_at=timezone.now(), why='loss\tis "NaN"\\N\n', variables={"x": None}
    )
    Execution.objects.create(**pending, next_attempt_at=timezone.now())
    Execution.objects.create(**pending, state=ExecutionState.DELIVERED)
    failed_at_once(world.project, ["broken0"])
    store_file(world.team, io.BytesIO(b"weights"), length=7)
    world.run("live")
    # Its number is given to nobody else, also after a restore.
    world.run("gone").delete()


def log() -> None:
    run = Run.objects.get(name="live")
    for offset in count():
        ingest_rows(run, offset, [{"_step": offset, "loss": float("nan")}])
        print(offset, flush=True)


def report() -> None:
    stored = StoredFile.objects.get()
    found: dict[str, Any] = {
        "rows": {
            model._meta.db_table: model._base_manager.count()
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy and model._meta.db_table not in OF_PROCESSES
        },
        "offsets": list(HistoryChunk.objects.order_by("offset").values_list("offset", flat=True)),
        "secret": reveal(Team.objects.get(name="acme").pk, ["TOKEN"]),
        "file": read_file(stored).decode(),
        "states": sorted(Execution.objects.values_list("state", "reason", "why")),
        "waiting_events": Event.objects.filter(processed_at=None).count(),
        "made_at": str(stored.arrived_at),
        "next_run": Run.objects.create(project=Run.objects.earliest("pk").project, name=token_hex(4)).pk,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
