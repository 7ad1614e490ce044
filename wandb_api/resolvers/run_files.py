"""The files of a run. Where contents are not kept, there is no address to send them to, and the SDK sends none."""

from __future__ import annotations

import mimetypes
import posixpath
import re
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.http import Http404

from automations import regex
from common.refusals import refuse
from projects.access import run_named
from projects.files import delete_files, name_files, note_uploaded
from projects.models import Run, RunFile
from projects.stored import links
from teams.access import in_teams_of, require
from teams.models import Role
from wandb_api import binding, pages
from wandb_api.caller import Info, person
from wandb_api.ids import global_id, key_of

run = binding.of("Run")
# How `wandb.Api()` calls itself. It falls over a file without an address; a script's own uploads go without.
_READER = "W&B "


@binding.mutation.field("createRunFiles")
def create_run_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    found = run_named(person(info), input["entityName"], input["projectName"], input["runName"], Role.MEMBER)
    if not settings.KEEPS_FILES and info.context.agent.startswith(_READER):
        refuse("files", "Runbell keeps no contents of files here (RUNBELL_ARTIFACT_FILES=off), so there is no upload.")
    files = name_files(found, input["files"])
    for file in files:
        file.run = found
    return {
        "runID": global_id("Run", found.pk),
        "uploadHeaders": [],
        "files": [{"name": file.name, "uploadUrl": _address(file)} for file in files],
    }


@binding.mutation.field("markRunFilesUploaded")
def mark_uploaded(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    found = run_named(person(info), input["entityName"], input["projectName"], input["runName"], Role.MEMBER)
    note_uploaded(found, input["files"])
    return {"success": True}


@binding.mutation.field("deleteFiles")
def remove_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """All of them, or none where one is not there."""
    user, wanted = person(info), {key_of("RunFile", id) for id in input["files"]}
    rows = RunFile.objects.select_related("run__project__team").filter(pk__in=wanted)
    found = list(in_teams_of(user, rows, "run__project__team"))
    if len(found) < len(wanted):
        raise Http404("There is no such file of a run, or it is not open to you.")
    for team in {file.run.project.team for file in found}:
        require(user, team, Role.MEMBER)
    delete_files(found)
    return {"success": True}


@run.field("fileCount")
def file_count(found: Run, *_: object) -> int:
    return found.files.filter(uploaded_at__isnull=False).count()


@run.field("files")
def files(
    found: Run,
    info: Info,
    names: list[str] | None = None,
    after: str | None = None,
    first: int | None = None,
    pattern: str | None = None,
) -> dict[str, Any]:
    """Those that came, all or by name, or by a pattern as LIKE has it."""
    rows = found.files.filter(uploaded_at__isnull=False).select_related("content").order_by("name")
    # `run.file("./x")` means the file that `run.save("./x")` sent, which the SDK calls x.
    rows = rows.filter(name__in=[posixpath.normpath(name) for name in names]) if names else rows
    return pages.page(
        _like(list(rows), pattern) if pattern else rows, first=first, after=after, edge=lambda file: {"node": _of(file)}
    )


def _address(file: RunFile) -> str | None:
    return links.to_send_for_run(file) if settings.KEEPS_FILES else None


def _like(files: list[RunFile], pattern: str) -> list[RunFile]:
    parts = {"%": ".*", "_": "."}
    wanted = "^" + "".join(parts.get(letter) or re.escape(letter) for letter in pattern) + "$"
    return [file for file in files if regex.found(wanted, file.name)]


def _of(file: RunFile) -> dict[str, Any]:
    address = links.to_fetch(file.content, file.name) if file.content else links.nothing_kept(file.name)
    return {
        "id": global_id("RunFile", file.pk),
        "name": file.name,
        "displayName": file.name,
        "url": address,
        "directUrl": address,
        "sizeBytes": file.size,
        "mimetype": mimetypes.guess_type(file.name)[0],
        "updatedAt": file.uploaded_at,
        "md5": b64encode(bytes.fromhex(file.md5)).decode() if file.md5 else None,
        "digest": None,
        "storagePath": None,
    }
