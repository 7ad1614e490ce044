"""The sample's runs: logged through the services as a script does, then backdated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from events.models import Event
from projects.models import HistoryChunk, Project, Run, Stream
from projects.runs.ingest import FileStreamPost, ingest_file_stream, ingest_rows
from projects.runs.lifecycle import RUN_STATE_CHANGED, RunDetails, finish_run, mark_crashed, start_run
from sample.curves import CurvePlan, history, system
from sample.printed_lines import printed_lines
from teams.models import User

_ROWS_A_CHUNK = 25
_NET = {"hidden": 256, "dropout": 0.2, "batch_size": 64, "optimizer": "adamw", "dataset": "digits:v0"}

CURVE_PLANS = (
    CurvePlan("h3k9w2", "baseline", 75, 14, 1e-3, floor=0.11, tags=("baseline",)),
    CurvePlan("p4n8t1", "wider-512", 70, 22, 1e-3, floor=0.08, group="width", config={"hidden": 512}),
    CurvePlan("q7v2m5", "wider-1024", 69, 31, 1e-3, floor=0.075, group="width", config={"hidden": 1024}),
    CurvePlan("s1d6x8", "lr-3e-2", 50, 9, 3e-2, diverges_at=118, exit_code=1, config={"optimizer": "sgd"}),
    CurvePlan("b8f3j7", "lr-1e-2", 47, 15, 1e-2, floor=0.1, bump_at=120, config={"optimizer": "sgd"}),
    CurvePlan("c5r9z4", "augmented", 27, 26, 1e-3, epochs=7, exit_code=None, config={"augment": "rotate"}),
    CurvePlan("w2g7k6", "dropout-0.4", 23, 16, 1e-3, floor=0.09, config={"dropout": 0.4}),
    CurvePlan("m6y1a3", "prod-nightly", 20, 18, 2e-3, bump_at=60, exit_code=137, tags=("nightly", "prod")),
    CurvePlan(
        "t9e4u8", "prod-candidate", 3.2, 28, 2e-3, epochs=14, floor=0.045, tags=("prod",), config={"hidden": 512}
    ),
)  # fmt: skip


def log_runs(project: Project, user: User, now: datetime) -> Iterator[Run]:
    """Log every run to its end, one after the other. Their times are those of today until `backdate` has been."""
    for plot in CURVE_PLANS:
        yield _log_run(project, user, plot, now)


def _log_run(project: Project, user: User, plot: CurvePlan, now: datetime) -> Run:
    config = {**_NET, "learning_rate": plot.learning_rate, "epochs": plot.epochs, **plot.config}
    details = RunDetails(plot.display_name, config, list(plot.tags), plot.group or None, "train")
    run = start_run(project, plot.name, details, user=user).run
    begun_at = began(plot, now).timestamp()
    rows = history(plot, begun_at)
    for offset in range(0, len(rows), _ROWS_A_CHUNK):
        ingest_rows(run, offset, rows[offset : offset + _ROWS_A_CHUNK])
    ingest_rows(run, 0, system(plot, begun_at), Stream.SYSTEM)
    ingest_file_stream(run, FileStreamPost(output=(0, printed_lines(plot, rows))))
    if plot.exit_code is not None:
        finish_run(run, plot.exit_code)
    else:
        Run.objects.filter(pk=run.pk).update(heartbeat_at=now - timedelta(days=1))
        mark_crashed()
    return run


def began(plot: CurvePlan, now: datetime) -> datetime:
    return now - timedelta(hours=plot.hours_ago)


def backdate(runs: Sequence[Run], now: datetime) -> None:
    """Give the runs and what they logged the times that their stories tell."""
    for run, plot in zip(runs, CURVE_PLANS, strict=True):
        begun, ended = began(plot, now), began(plot, now) + timedelta(minutes=plot.minutes)
        Run.objects.filter(pk=run.pk).update(created_at=begun, heartbeat_at=ended, finished_at=ended)
        HistoryChunk.objects.filter(run=run).update(created_at=ended)
        states = list(Event.objects.filter(kind=RUN_STATE_CHANGED, stream=run.stream_key).order_by("pk"))
        for event, at in zip(states, (begun, ended), strict=True):
            Event.objects.filter(pk=event.pk).update(occurred_at=at)
