"""JSON for charts: where automations fired in a run, and the values around one firing (docs/pages.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from automations.access import automations_of, execution_numbered, executions_of
from automations.conditions.condition import Condition
from automations.conditions.metric.metric_condition import steps_and_values
from automations.insight.chart_annotations import (
    FireAnnotation,
    annotations_of,
    fire_annotation,
    is_for,
    metric_condition,
    thresholds_of,
)
from automations.insight.subject_addresses import with_former
from automations.models import Automation, Execution
from projects.access import run_named
from projects.charts.chart_json import columns_of
from projects.compaction.chunk_parts import expanded
from projects.event_types import current_run_context
from projects.history.reading import chunks_numbered, rows_of
from projects.history.row_batch import MOST_ROWS_OF_A_CHUNK
from projects.history.row_values import HistoryRow
from projects.models import HistoryChunk, Run
from teams import access
from teams.accounts.signed_in import person

# What is drawn of a run's automations, at most.
_MOST_FIRES, _MOST_THRESHOLDS = 200, 100
# A longer run is not read again for the windows of its fires.
_LONGEST_READ = 20_000
# Rows around a firing: enough to see where the value came from.
_BEFORE, _AFTER = 200, 60


@require_safe
@login_required
def of_run(request: HttpRequest, team: str, project: str, run: str) -> JsonResponse:
    """Thresholds of what listens to the run as it is now, and where anything fired because of it."""
    user = person(request)
    found = run_named(user, team, project, run)
    here = automations_of(user).filter(scope__in=found.project.scopes, enabled=True)
    listening = here.filter(event_type__startswith="run.metric").order_by("pk")[:_MOST_THRESHOLDS]
    rows = (
        executions_of(user).filter(subject_url__in=with_former([found.get_absolute_url()])).exclude(state="suppressed")
    )
    fired = list(rows.select_related("automation").order_by("-pk")[:_MOST_FIRES])
    return JsonResponse({"metrics": _annotations(found, listening, fired)})


@require_safe
@login_required
def around(request: HttpRequest, pk: int) -> JsonResponse:
    """The metric around the moment an execution is about, with the threshold and the windows."""
    found = execution_numbered(person(request), pk)
    condition, metric = metric_condition(found.automation), found.variables.get("metric_name")
    chunk = _chunk(found)
    if condition is None or condition.metric != metric or chunk is None or not _may_see(request, chunk.run):
        raise Http404(_("There is nothing to draw of this execution."))
    rows = _rows_around(chunk, found.variables.get("metric_step"))
    fire = FireAnnotation(label=found.why, step=found.variables.get("metric_step"))
    metrics = {name: columns for name, columns in columns_of(rows).items() if name == metric}
    return JsonResponse({"metrics": metrics, "annotations": {metric: annotations_of(condition, [fire], rows)}})


def _annotations(run: Run, listening: Iterable[Automation], fired: Iterable[Execution]) -> dict[str, Any]:
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"thresholds": [], "fires": []})
    context = current_run_context(run)
    for automation in listening:
        condition = metric_condition(automation)
        if condition is not None and is_for(automation, context):
            found[condition.metric]["thresholds"] += thresholds_of(condition)
    by_metric: dict[str, list[Execution]] = defaultdict(list)
    for execution in fired:
        if execution.variables.get("metric_name"):
            by_metric[execution.variables["metric_name"]].append(execution)
    rows = list(rows_of(run)) if by_metric and run.rows_logged <= _LONGEST_READ else []
    for metric, executions in by_metric.items():
        found[metric]["fires"] = _fires(metric, executions, rows)
    return dict(found)


def _fires(metric: str, executions: Iterable[Execution], rows: list[HistoryRow]) -> list[dict[str, Any]]:
    logged = list(steps_and_values([dict(row) for row in rows], metric))
    conditions: dict[int, Condition | None] = {}
    annotations = []
    for execution in executions:
        automation = execution.automation
        if automation.pk not in conditions:
            conditions[automation.pk] = metric_condition(automation)
        condition = conditions[automation.pk]
        fire = FireAnnotation(
            label=f"{automation.name}: {execution.why}, {execution.get_state_display().lower()}",
            step=execution.variables.get("metric_step"),
            time=execution.occurred_at.timestamp(),
            url=execution.get_absolute_url(),
        )
        annotations.append(
            fire_annotation(fire, condition if condition and condition.metric == metric else None, logged)
        )
    return annotations


def _chunk(execution: Execution) -> HistoryChunk | None:
    data = execution.event.data if execution.event else {}
    number = data.get("chunk")
    return chunks_numbered({number: data["run"]}).get(number) if number else None


def _may_see(request: HttpRequest, run: Run) -> bool:
    return access.teams_of(person(request)).filter(pk=run.project.team_id).exists()


def _rows_around(chunk: HistoryChunk, step: object) -> list[HistoryRow]:
    """Give the rows around the one that fired, in the order in which they were judged."""
    line = next((place for place, row in enumerate(chunk.rows) if row.get("_step") == step), len(chunk.rows) - 1)
    middle = chunk.position + max(0, line)
    nearby = HistoryChunk.objects.filter(run=chunk.run, stream=chunk.stream, position__lt=middle + _AFTER)
    begin = middle - _BEFORE - len(chunk.rows) - 1
    nearby = nearby.filter(position__gt=begin - MOST_ROWS_OF_A_CHUNK).order_by("position")
    rows: list[HistoryRow] = []
    for one in expanded(nearby):
        if not begin < one.position < middle + _AFTER:
            continue
        start = one.position
        rows += [row for place, row in enumerate(one.rows) if middle - _BEFORE <= start + place <= middle + _AFTER]
    return rows
