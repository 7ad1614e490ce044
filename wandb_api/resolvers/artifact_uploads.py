"""A script logs an artifact: create, send the files and their list, commit. Another one uses it."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404

from artifacts import uploads
from artifacts.lineage import use
from artifacts.models import Upload, Version
from artifacts.services import get_or_create_collection
from common.refusals import refuse
from projects.access import run_named
from projects.models import Project
from projects.services import get_or_create_project
from teams.models import Role, User
from wandb_api import binding
from wandb_api.caller import Info, person
from wandb_api.entities import writable_team
from wandb_api.errors import NotImplementedHere
from wandb_api.ids import global_id
from wandb_api.places import PREFIX
from wandb_api.resolvers.artifact_changes import NO_END
from wandb_api.scalars import read_json
from wandb_api.versions import file_of_upload, id_of, upload_by_id, version_by_id

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 10_000


@binding.mutation.field("createArtifact")
def create(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Begin a version. One that is there already is committed at once."""
    user = person(info)
    if input.get("distributedID"):
        raise NotImplementedHere("artifacts that several runs write together (upsert_artifact, finish_artifact)")
    project = _project(user, input["entityName"], input["projectName"])
    name = input.get("artifactCollectionName") or next(iter(input.get("artifactCollectionNames") or ()), "")
    collection, _created = get_or_create_collection(project, name, input["artifactTypeName"])
    if (input.get("ttlDurationSeconds") or 0) > 0:
        # Refused, the script would lose what it logs; kept longer than it asked, it loses nothing.
        logger.warning("%s The artifact.ttl of a version of %s was dropped.", NO_END, collection)
    found = uploads.begin(collection, _draft(user, input), by=user)
    return {"artifact": found.version or found}


@binding.mutation.field("createArtifactManifest")
def create_manifest(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    # What stands under `baseArtifactID` is only where the collection stood.
    if (input.get("type") or "FULL") != "FULL":
        raise NotImplementedHere("incremental artifacts")
    upload = upload_by_id(person(info), input["artifactID"])
    return _manifest(upload, input["digest"])


@binding.mutation.field("updateArtifactManifest")
def update_manifest(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    upload = upload_by_id(person(info), input["artifactManifestID"])
    return _manifest(upload, input.get("digest") or "")


@binding.mutation.field("createArtifactFiles")
def create_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Say where each file is to be sent, in the same order."""
    sent = input["artifactFiles"]
    if len(sent) > MOST_AT_ONCE:
        refuse("artifactFiles", f"{len(sent)} files at once; {MOST_AT_ONCE} is the most.")
    user = person(info)
    by_id = {id: upload_by_id(user, id) for id in {file["artifactID"] for file in sent}}
    addresses: dict[str, list[str | None]] = {}
    for id, upload in by_id.items():
        digests = [file.get("md5") or file.get("digest") or "" for file in sent if file["artifactID"] == id]
        addresses[id] = uploads.addresses(uploads.team_of(upload), digests)
    nodes = [
        file_of_upload(by_id[file["artifactID"]], file["name"], addresses[file["artifactID"]].pop(0)) for file in sent
    ]
    return {"files": {"edges": [{"node": node, "cursor": None} for node in nodes]}}


@binding.mutation.field("commitArtifact")
def commit(_: None, info: Info, input: dict[str, Any]) -> dict[str, Version]:
    user = person(info)
    return {"artifact": uploads.commit(upload_by_id(user, input["artifactID"]), by=user)}


@binding.mutation.field("useArtifact")
def use_artifact(_: None, info: Info, input: dict[str, Any]) -> dict[str, Version]:
    user = person(info)
    version = version_by_id(user, input["artifactID"])
    use(version, run_named(user, input["entityName"], input["projectName"], input["runName"], Role.MEMBER))
    return {"artifact": version}


def _project(user: User, entity: str, name: str) -> Project:
    if name.startswith(PREFIX):
        refuse("projectName", f"Versions are linked into the registry {name!r}, not logged to it. Use link_artifact.")
    return get_or_create_project(writable_team(user, entity), name)


def _draft(user: User, sent: dict[str, Any]) -> uploads.Draft:
    metadata = read_json(sent.get("metadata"), "metadata")
    run = None
    if sent.get("runName"):
        try:
            run = run_named(user, sent["entityName"], sent["projectName"], sent["runName"])
        except Http404:
            # The run may have been deleted while its script went on.
            run = None
    return uploads.Draft(
        digest=sent["digest"],
        client_id=sent.get("clientID") or "",
        description=sent.get("description") or "",
        metadata={} if metadata is None else metadata,
        aliases=[alias["alias"] for alias in sent.get("aliases") or ()],
        tags=[tag["tagName"] for tag in sent.get("tags") or ()],
        history_step=sent.get("historyStep"),
        run=run,
    )


def _manifest(upload: Upload, digest: str) -> dict[str, Any]:
    """Without a digest it is only announced, and nothing is to be sent yet."""
    address = uploads.announce_manifest(upload, digest) if digest else None
    file: dict[str, Any] = {"id": global_id("ManifestFile", upload.pk), "uploadUrl": address, "uploadHeaders": []}
    return {"artifactManifest": {"id": id_of(upload), "file": file}}
