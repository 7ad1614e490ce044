"""GraphQL resolvers of run files. Where contents are not kept, there is no address to send them to."""

from __future__ import annotations

import mimetypes
import posixpath
import re
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404

from automations.filters import regular_expressions
from common.data.validation_errors import refuse
from projects.access import run_named
from projects.file_storage import signed_links
from projects.models import Run, RunFile
from projects.runs.files import delete_files, files_named, record_uploaded, register_files, served_name
from teams.access import in_teams_of, require_within
from teams.models import Role
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person, visitor
from wandb_api.graphql.global_ids import global_id, key_of
from wandb_api.graphql.sibling_arguments import sibling_arguments

run = resolver_tables.table_of("Run")
# How `wandb.Api()` calls itself. It falls over a file without an address; a script's own uploads go without.
_READER = "W&B "


@resolver_tables.mutation.field("createRunFiles")
def create_run_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    found = run_named(person(info), input["entityName"], input["projectName"], input["runName"], Role.MEMBER)
    if not settings.KEEPS_FILES and info.context.agent.startswith(_READER):
        refuse("files", "Runbell keeps no contents of files here (RUNBELL_ARTIFACT_FILES=off), so there is no upload.")
    files = register_files(found, input["files"])
    for file in files:
        file.run = found
    return {
        "runID": global_id("Run", found.pk),
        "uploadHeaders": [],
        "files": [{"of": found, "name": file.name, "uploadUrl": _address(file, info)} for file in files],
    }


@resolver_tables.mutation.field("markRunFilesUploaded")
def mark_uploaded(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    found = run_named(person(info), input["entityName"], input["projectName"], input["runName"], Role.MEMBER)
    record_uploaded(found, input["files"])
    return {"success": True}


@resolver_tables.mutation.field("deleteFiles")
def remove_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """All of them, or none where one is not there."""
    user, wanted = person(info), {key_of("RunFile", id) for id in input["files"]}
    rows = RunFile.objects.select_related("run__project__team").filter(pk__in=wanted)
    found = list(in_teams_of(user, rows, "run__project__team"))
    if len(found) < len(wanted):
        raise Http404("There is no such file of a run, or it is not open to you.")
    for project in {file.run.project for file in found}:
        require_within(user, project, Role.MEMBER)
    delete_files(found)
    return {"success": True}


@run.field("fileCount")
def file_count(found: Run, info: Info) -> int:
    """How many the `files` beside it are: the SDK gives it as the length of what was asked for by name."""
    asked = sibling_arguments(info, "files")
    rows = _files_asked_for(found, asked.get("names"), asked.get("pattern"))
    return len(rows) if isinstance(rows, list) else rows.count()


@run.field("files")
def files(
    found: Run,
    info: Info,
    names: list[str] | None = None,
    after: str | None = None,
    first: int | None = None,
    pattern: str | None = None,
) -> connections.RelayPage:
    """Those that came, all or by name, or by a pattern as LIKE has it."""
    return connections.page(
        _files_asked_for(found, names, pattern),
        first=first,
        after=after,
        edge=lambda file: {"node": {"of": found, **_of(file, info)}},
    )


def _files_asked_for(found: Run, names: list[str] | None, pattern: str | None) -> QuerySet[RunFile] | list[RunFile]:
    # `run.file("./x")` means the file that `run.save("./x")` sent, which the SDK calls x.
    rows = files_named(found, map(posixpath.normpath, filter(None, names))) if names else found.files.all()
    rows = rows.filter(uploaded_at__isnull=False).select_related("content").order_by("name")
    return _like(list(rows), pattern) if pattern else rows


def _address(file: RunFile, info: Info) -> str | None:
    return signed_links.upload_url_for_run(file, by=visitor(info)) if settings.KEEPS_FILES else None


def _like(files: list[RunFile], pattern: str) -> list[RunFile]:
    parts = {"%": ".*", "_": "."}
    wanted = "^" + "".join(parts.get(letter) or re.escape(letter) for letter in pattern) + "$"
    return [file for file in files if regular_expressions.matches_anywhere(wanted, file.name)]


def _of(file: RunFile, info: Info) -> dict[str, Any]:
    name = served_name(file)
    address = signed_links.missing_file_url(name)
    if file.content:
        address = signed_links.download_url(file.content, name, by=visitor(info))
    return {
        "id": global_id("RunFile", file.pk),
        "name": name,
        "displayName": name,
        "url": address,
        "directUrl": address,
        "sizeBytes": file.size,
        "mimetype": mimetypes.guess_type(name)[0],
        "updatedAt": file.uploaded_at,
        "md5": b64encode(bytes.fromhex(file.md5)).decode() if file.md5 else None,
        "digest": None,
        "storagePath": name,
    }
