"""Runs in the SDK's format: `config` wraps each value, and holds the SDK's own telemetry under `_wandb`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404

from common.data.validation_errors import quoted, refuse
from projects.history.row_values import number
from projects.history.step_ranges import last_step
from projects.models import DeletedRun, Run
from projects.runs.lifecycle import RunDetails
from teams.access import in_teams_of, may, require_within
from teams.models import Role, User
from wandb_api.graphql.global_ids import key_of
from wandb_api.graphql.scalars import read_json

_OWN = "_wandb"


def run_by_id(user: User, id: str, least: Role = Role.VIEWER) -> Run:
    """Give the run; 404 for what the person cannot see, 403 where the role is too low."""
    rows = Run.objects.select_related("project__team__organization", "user").filter(pk=key_of("Run", id))
    run = in_teams_of(user, rows, "project__team").first()
    if run is None:
        raise Http404(f"There is no run with the id {quoted(id)}.")
    require_within(user, run.project, least)
    return run


def is_deleted_run(user: User, id: str) -> bool:
    """Say whether there was such a run in a team where the person may delete runs."""
    gone = DeletedRun.objects.filter(run_id=key_of("Run", id)).select_related("team").first()
    return gone is not None and may(user, gone.team, Role.MEMBER)


def details_of(sent: Mapping[str, Any]) -> RunDetails:
    """Read UpsertBucket's input. What is null stays as it is."""
    config = _object(sent, "config")
    summary = _object(sent, "summaryMetrics")
    return RunDetails(
        display_name=sent.get("displayName"),
        config=None if config is None else {name: _plain(value) for name, value in config.items() if name != _OWN},
        telemetry=None if config is None or _OWN not in config else _plain(config[_OWN]),
        tags=sent.get("tags"),
        group=sent.get("groupName"),
        job_type=sent.get("jobType"),
        notes=sent.get("notes"),
        program=sent.get("jobProgram"),
        host=sent.get("host"),
        commit=sent.get("commit"),
        client_summary=summary,
    )


def wrapped_config(run: Run) -> dict[str, Any]:
    """Give the config as the SDK wrote it."""
    config = {name: {"value": value} for name, value in run.config.items()}
    return {**config, _OWN: {"value": run.telemetry}} if run.telemetry else config


def wandb_config(run: Run, keys: list[str] | None) -> dict[str, Any]:
    """Give the telemetry by its keys. The SDK takes a run without `t` for one that never began."""
    found = {"t": {}, **run.telemetry}
    return found if keys is None else {key: found[key] for key in keys if key in found}


def history_keys(run: Run) -> dict[str, Any]:
    """Give what was logged, by type, and the last step: the SDK reads a history up to there.

    A metric's count is that of all rows: counting it would read the whole history.
    """
    step = last_step(run)
    keys = {name: _said_of(value, run.rows_logged) for name, value in run.summary.items()}
    return {"lastStep": -1 if step is None else int(step), "sets": [], "keys": keys}


def _said_of(value: object, rows: int) -> dict[str, Any]:
    """Give a number with its type. What else was logged last may be long, and stands in the summary."""
    if number(value) is None:
        return {"typeCounts": [{"type": "string", "count": rows}]}
    return {"typeCounts": [{"type": "number", "count": rows}], "previousValue": value}


def _object(sent: Mapping[str, Any], field: str) -> dict[str, Any] | None:
    found = read_json(sent.get(field), field)
    if found is not None and not isinstance(found, dict):
        refuse(field, f"{quoted(found)} is no JSON object.")
    return found


def _plain(wrapped: Any) -> Any:
    return wrapped["value"] if isinstance(wrapped, dict) and "value" in wrapped else wrapped
