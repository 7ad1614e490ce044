"""Run as a program on the database of a test's processes: makes the world, and tells what is stored.

The organization `research` has the registry `models`; Alice administers both.

python -m tests.wandb_api.scene world
python -m tests.wandb_api.scene rows|output|files|alerts|crossed|states RUN
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from events.models import Event  # noqa: E402
from projects.history.console_output import output_lines  # noqa: E402
from projects.history.reading import rows_of  # noqa: E402
from projects.models import Run  # noqa: E402
from registries.services import create_registry  # noqa: E402
from tests.world import make_world  # noqa: E402


def world() -> object:
    made = make_world()
    made.team.organization.admins.add(made.users["alice"])
    create_registry(made.team.organization, "models", description="What is in use")
    return made.keys


def rows(run: Run) -> object:
    return list(rows_of(run))


def output(run: Run) -> object:
    return list(output_lines(run))


def files(run: Run) -> object:
    return list(run.files.order_by("pk").values_list("name", flat=True))


def alerts(run: Run) -> object:
    return [event.data for event in Event.objects.filter(kind="run.alert", stream=run.stream_key).order_by("pk")]


def states(run: Run) -> object:
    events = Event.objects.filter(kind="run.state", stream=run.stream_key).order_by("pk")
    return [event.data["state"] for event in events]


def crossed(run: Run) -> object:
    """When the first chunk with a loss above 5 was stored."""
    chunks = run.chunks.filter(stream="history").order_by("position")
    return next(one.created_at.timestamp() for one in chunks if any(row.get("loss", 0) > 5 for row in one.rows))


if __name__ == "__main__":
    told = {"world": world, "rows": rows, "output": output, "files": files, "alerts": alerts, "crossed": crossed}
    told["states"] = states
    given = [Run.objects.get(name=name) for name in sys.argv[2:]]
    print(json.dumps(told[sys.argv[1]](*given)))
