"""Filter fields and orders of runs, for `api.runs()`: columns, `config.KEY` and `summary_metrics.KEY`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from django.db.models import QuerySet

from automations.filters.fields import RUN_FIELDS, FilterField
from common.data.validation_errors import quoted, refuse
from projects.history.row_values import value_at
from projects.models import Project, Run
from projects.runs.listing import run_duration
from wandb_api.search.list_search import ListSearch, in_order, split_order

_HEARTBEAT_AT = FilterField("heartbeat_at", is_time=True)
_SUMMARIES = ("summary_metrics", "summaryMetrics", "summary")
_KEYED = ("config", *_SUMMARIES)
# As people write what has a slash in it: summary_metrics["eval/loss"].
_IN_BRACKETS = re.compile(r"""(\w+)\[(["'])(.+)\2\]""")


def _facts(run: Run) -> Mapping[str, object]:
    return {
        "name": run.name,
        "display_name": str(run),
        "state": run.state,
        "tags": run.tags,
        "group": run.group or None,
        "job_type": run.job_type or None,
        "username": run.user.username if run.user else None,
        "entity_name": run.project.team.name,
        "project_name": run.project.name,
        "created_at": run.created_at,
        "heartbeat_at": run.heartbeat_at,
        "notes": run.notes or None,
        "host": run.host or None,
        "duration": _seconds(run),
        "sweep": None,
        "config": run.config,
        "summary": {**run.summary, **run.shown_summary},
    }


RUNS: ListSearch[Run] = ListSearch(
    fields={
        **RUN_FIELDS,
        "heartbeat_at": _HEARTBEAT_AT, "heartbeatAt": _HEARTBEAT_AT,
        "updated_at": _HEARTBEAT_AT, "updatedAt": _HEARTBEAT_AT,
        "notes": FilterField("notes"), "sweep": FilterField("sweep"),
        "host": FilterField("host"), "duration": FilterField("duration"),
    },
    facts=_facts,
    columns={
        "created_at": "created_at", "createdAt": "created_at",
        "heartbeat_at": "heartbeat_at", "heartbeatAt": "heartbeat_at", "updated_at": "heartbeat_at",
        "updatedAt": "heartbeat_at",
        "name": "name", "display_name": "display_name", "displayName": "display_name", "state": "state",
        "group": "group", "jobType": "job_type", "job_type": "job_type", "host": "host", "username": "user__username",
    },
    usual="+created_at",
    exact={
        "name": "name", "state": "state", "group": "group", "jobType": "job_type", "job_type": "job_type",
        "username": "user__username", "user.username": "user__username",
    },
)  # fmt: skip


def runs_in(project: Project, filters: str | None) -> QuerySet[Run]:
    rows = Run.objects.filter(project=project).select_related("project__team__organization", "user")
    return RUNS.matching(rows, filters)


def ordered(rows: QuerySet[Run], order: str | None) -> QuerySet[Run] | Sequence[Run]:
    """Order the runs, by a value of config or summary too; those without it come last."""
    name, descending = split_order(order or RUNS.usual)
    if name in RUNS.columns:
        return RUNS.ordered(rows, order)
    ordered_by = _seconds if name == "duration" else _keyed(name)
    if ordered_by is None:
        known = ", ".join([*RUNS.columns, "duration", *(f"{root}.KEY" for root in _KEYED)])
        refuse("order", f"{quoted(order)} is no order. Choose one of: {known}, with + or -.")
    found = rows.order_by("pk").iterator(chunk_size=500)
    return in_order([(ordered_by(run), run) for run in found], descending)


def _keyed(name: str) -> Callable[[Run], object] | None:
    """Read `config.KEY`, `config.KEY.value` and `summary_metrics["KEY"]`; None for what is no such order."""
    bracketed = _IN_BRACKETS.fullmatch(name)
    root, key = (bracketed[1], bracketed[3]) if bracketed else (name.partition(".")[0], name.partition(".")[2])
    if not key or root not in _KEYED:
        return None
    if root == "config":
        return lambda run: value_at(run.config, key.removesuffix(".value"))
    return lambda run: value_at(_facts(run)["summary"], key)  # type: ignore[arg-type]  # a mapping, as it stands above


def _seconds(run: Run) -> float:
    return run_duration(run).total_seconds()
