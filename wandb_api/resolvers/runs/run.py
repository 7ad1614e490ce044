"""GraphQL resolvers and mutations of runs: upsert, resume, stop, delete, read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.html import escape

from artifacts.models import Registry
from common.data.validation_errors import Conflict, quoted, refuse
from projects.access import run_named
from projects.history import reading
from projects.history.step_ranges import last_row_by_step
from projects.history.stream_offsets import OUTPUT_STREAM, client_line_counts
from projects.models import Project, Run, RunState, Stream
from projects.runs.editing import rewind_run
from projects.runs.lifecycle import change_run, start_run, stop_run
from projects.runs.manual_state import set_state_manually
from projects.services import get_or_create_project
from teams.access import may
from teams.models import Role, User
from wandb_api.deletion_with_grace import delete_run, delete_versions_of
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person, visitor
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.partial_objects import Partial, tells
from wandb_api.lookup.deleted_user import deleted_user
from wandb_api.lookup.entities import writable_team
from wandb_api.lookup.runs import details_of, history_keys, is_deleted_run, run_by_id, wandb_config, wrapped_config

run = resolver_tables.table_of("Run")
run.attributes(
    projectId="project_id",
    project="project",
    tags="tags",
    name="name",
    state="state",
    createdAt="created_at",
    heartbeatAt="heartbeat_at",
    summaryMetrics="shown_summary",
)
run.always(sweepName=None, description=None)
resolver_tables.register_typename(Run, "Run")
NAMES = tells("{ username name }")
# Where a script names no project.
_NO_PROJECT = "uncategorized"


@resolver_tables.mutation.field("upsertBucket")
def upsert_bucket(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Start a run or bring it back to life; with its id alone, change what is said of it."""
    user, details = person(info), details_of(input)
    if input.get("id") and not input.get("name"):
        found = change_run(run_by_id(user, input["id"], Role.MEMBER), details)
        return _upserted(found, is_new=False)
    if input.get("sweep"):
        refuse("sweep", "There are no sweeps here. Unset WANDB_SWEEP_ID, or start the script without `wandb agent`.")
    team = writable_team(user, input.get("entityName"))
    project = get_or_create_project(team, input.get("modelName") or _NO_PROJECT)
    waits = input.get("state") == RunState.PENDING
    started = start_run(
        project, input.get("name"), details, user=user, anew=not input.get("id"), waits=waits,
        writer=info.context.writer,
    )  # fmt: skip
    return _upserted(started.run, is_new=started.created)


def _upserted(found: Run, *, is_new: bool) -> dict[str, Any]:
    """Beside the run what its page says of what was left out; 0.25 keeps these messages and prints none."""
    messages = [_server_message(note["message"]) for note in found.left_out.values()]
    return {"bucket": found, "inserted": is_new, "serverSettings": {"serverMessages": messages}}


def _server_message(text: str) -> dict[str, str]:
    told = {"utfText": text, "plainText": text, "htmlText": escape(text)}
    return {**told, "messageType": "footer", "messageLevel": "WARN"}


@resolver_tables.mutation.field("deleteRun")
def remove_run(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Delete it. A repeat is harmless, as at W&B."""
    user = person(info)
    if is_deleted_run(user, input["id"]):
        return {"clientMutationId": None}
    found = run_by_id(user, input["id"], Role.MEMBER)
    with transaction.atomic():
        if input.get("deleteArtifacts"):
            delete_versions_of(found, by=user)
        delete_run(found, by=user)
    return {"clientMutationId": None}


@resolver_tables.mutation.field("updateRunState")
def update_state(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    set_state_manually(run_by_id(person(info), input["id"], Role.MEMBER), input["state"])
    return {"success": True}


@resolver_tables.mutation.field("stopRun")
def stop(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Ask the script to stop; of a run that does not run nothing is asked."""
    with suppress(Conflict):
        stop_run(run_by_id(person(info), input["id"], Role.MEMBER))
    return {"clientMutationId": input.get("clientMutationId"), "success": True}


@resolver_tables.mutation.field("rewindRun")
def rewind(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Let a run go on from an earlier step, as `resume_from` asks."""
    user = person(info)
    if input["metricName"] != "_step":
        refuse("resume_from", f'{quoted(input["metricName"])} is no step. Write it like resume_from="RUN?_step=5".')
    team = writable_team(user, input.get("entityName"))
    found = run_named(user, team.name, input.get("projectName") or _NO_PROJECT, input["runName"], Role.MEMBER)
    return {"rewoundRun": rewind_run(found, input["metricValue"]), "clientMutationId": input.get("clientMutationId")}


@resolver_tables.table_of("Project").field("bucket")
@resolver_tables.table_of("Project").field("run")
def find_run(project: Project | Registry, info: Info, name: str, **_: object) -> Run | None:
    if isinstance(project, Registry):
        return None
    return Run.objects.select_related("project__team__organization", "user").filter(project=project, name=name).first()


@run.field("id")
def id_of(found: Run, *_: object) -> str:
    return global_id("Run", found.pk)


@run.field("displayName")
def display_name(found: Run, *_: object) -> str:
    return str(found)


@run.field("user")
def started_by(found: Run, info: Info) -> User | Partial:
    """Whose run it is, also when that person was deleted. Of who has left only the names stay."""
    started = found.user or deleted_user("deleted")
    return started if started.pk is None or started.pk in info.context.mates else Partial(started, NAMES)


@run.field("group")
def group(found: Run, *_: object) -> str | None:
    return found.group or None


@run.field("jobType")
def job_type(found: Run, *_: object) -> str | None:
    return found.job_type or None


@run.field("notes")
def notes(found: Run, *_: object) -> str | None:
    return found.notes or None


@run.field("commit")
def commit(found: Run, *_: object) -> str | None:
    return found.commit or None


@run.field("readOnly")
def read_only(found: Run, info: Info) -> bool:
    return not may(visitor(info), found.project.team, Role.MEMBER)


@run.field("config")
def config(found: Run, *_: object) -> dict[str, Any]:
    return wrapped_config(found)


@run.field("wandbConfig")
def telemetry(found: Run, info: Info, keys: list[str] | None = None) -> dict[str, Any]:
    return wandb_config(found, keys)


@run.field("stopped")
def stopped(found: Run, *_: object) -> bool:
    return found.stop_requested_at is not None


@run.field("historyLineCount")
def history_line_count(found: Run, *_: object) -> int:
    return client_line_counts(found)[Stream.HISTORY]


@run.field("eventsLineCount")
def events_line_count(found: Run, *_: object) -> int:
    return client_line_counts(found)[Stream.SYSTEM]


@run.field("logLineCount")
def log_line_count(found: Run, *_: object) -> int:
    return client_line_counts(found)[OUTPUT_STREAM]


@run.field("historyKeys")
def keys_logged(found: Run, *_: object) -> dict[str, Any]:
    return history_keys(found)


@run.field("historyTail")
def history_tail(found: Run, *_: object) -> list[str]:
    """A list of JSON in texts: the SDK reads the last step from it, which is to be the highest."""
    last = last_row_by_step(found)
    return [] if last is None else [json.dumps(last[1])]


@run.field("eventsTail")
def events_tail(found: Run, *_: object) -> list[str]:
    row = reading.last_row(found, Stream.SYSTEM)
    return [] if row is None else [json.dumps(row)]


@run.field("systemMetrics")
def system_metrics(found: Run, *_: object) -> dict[str, Any] | None:
    row = reading.last_row(found, Stream.SYSTEM)
    return None if row is None else {name: value for name, value in row.items() if name.startswith("system.")}
