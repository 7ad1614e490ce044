"""Filter fields and orders of runs, for `api.runs()`: columns, `config.KEY` and `summary_metrics.KEY`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from automations.filters.fields import RUN_FIELDS, FilterField
from projects.history.row_values import value_at
from projects.models import Project, Run
from wandb_api.search.list_search import ListSearch, in_order, split_order

_HEARTBEAT_AT = FilterField("heartbeat_at", is_time=True)
_SUMMARIES = ("summary_metrics", "summaryMetrics", "summary")


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
    },
    facts=_facts,
    columns={
        "created_at": "created_at", "createdAt": "created_at",
        "heartbeat_at": "heartbeat_at", "heartbeatAt": "heartbeat_at", "updated_at": "heartbeat_at",
        "updatedAt": "heartbeat_at",
        "name": "name", "display_name": "display_name", "displayName": "display_name", "state": "state",
        "group": "group", "jobType": "job_type", "job_type": "job_type",
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
    root, _, key = name.partition(".")
    if not key or root not in ("config", *_SUMMARIES):
        return RUNS.ordered(rows, order)
    found = rows.order_by("pk").iterator(chunk_size=500)
    return in_order([(_value(run, root, key), run) for run in found], descending)


def _value(run: Run, root: str, key: str) -> object:
    if root == "config":
        return value_at(run.config, key.removesuffix(".value"))
    return value_at(_facts(run)["summary"], key)  # type: ignore[arg-type]  # a mapping, as it stands above
