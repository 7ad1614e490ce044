"""GraphQL mutations of an artifact upload: create, send files and manifest, commit; and using one."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from artifacts import uploads
from artifacts.lineage import record_use
from artifacts.manifests.parsing import md5_of
from artifacts.models import ManifestType, Upload, Version
from artifacts.services import get_or_create_collection
from artifacts.time_to_live import require_may_set
from common.data.file_names import check_file_name
from common.data.validation_errors import quoted, refuse
from projects.access import run_named
from projects.file_storage import signed_links
from projects.file_storage.multipart import MOST_PARTS, complete_multipart_upload
from projects.models import Project, Run
from projects.runs.limit_notes import note_left_out_input
from projects.services import get_or_create_project
from teams.access import may
from teams.models import Role, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.scalars import read_json
from wandb_api.lookup.entities import writable_team
from wandb_api.lookup.projects import REGISTRY_PREFIX
from wandb_api.lookup.versions import file_of_upload, id_of, upload_by_id, version_by_id
from wandb_api.resolvers.artifacts.version_mutations import ttl_seconds_of

MOST_AT_ONCE = 10_000
# What the SDK calls the only one there is (`WandbStoragePolicy`).
OUR_REGION = "default"


@resolver_tables.mutation.field("createArtifact")
def create(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Begin a version. One that is there already is committed at once."""
    user = person(info)
    _require_our_region(user, input)
    project = _project(user, input["entityName"], input["projectName"])
    name = input.get("artifactCollectionName") or next(iter(input.get("artifactCollectionNames") or ()), "")
    collection, _created = get_or_create_collection(project, name, input["artifactTypeName"])
    if ttl_seconds_of(input) is not None:
        require_may_set(user, project.team)
    found = uploads.begin_upload(collection, _draft(user, input), by=user)
    return {"artifact": found.version or found}


@resolver_tables.mutation.field("createArtifactManifest")
def create_manifest(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Note what its list of files is to the version. `baseArtifactID` is only where the collection stood."""
    check_file_name(input["name"], "name")
    user = person(info)
    upload = upload_by_id(user, input["artifactID"])
    uploads.set_manifest_type(upload, ManifestType((input.get("type") or "FULL").lower()))
    return _manifest(upload, input["digest"], user)


@resolver_tables.mutation.field("updateArtifactManifest")
def update_manifest(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    user = person(info)
    return _manifest(upload_by_id(user, input["artifactManifestID"]), input.get("digest") or "", user)


@resolver_tables.mutation.field("createArtifactFiles")
def create_files(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Say where each file is to be sent, in the same order."""
    sent = input["artifactFiles"]
    if len(sent) > MOST_AT_ONCE:
        refuse("artifactFiles", f"{len(sent)} files at once; {MOST_AT_ONCE} is the most.")
    for place, file in enumerate(sent):
        check_file_name(file["name"], f"artifactFiles.{place}.name")
    user = person(info)
    by_id = {id: upload_by_id(user, id) for id in {file["artifactID"] for file in sent}}
    addresses: dict[str, list[str | None]] = {}
    for id, upload in by_id.items():
        digests = [_digest(file) for file in sent if file["artifactID"] == id]
        addresses[id] = uploads.upload_urls(upload.team, digests, by=user, project=upload.collection.project_id)
    nodes = []
    for file in sent:
        upload, address = by_id[file["artifactID"]], addresses[file["artifactID"]].pop(0)
        multipart = _multipart(upload, file, user) if address else None
        nodes.append(file_of_upload(upload, file["name"], address, multipart=multipart))
    return {"files": {"edges": [{"node": node, "cursor": None} for node in nodes]}}


@resolver_tables.mutation.field("completeMultipartUploadArtifact")
def complete_multipart(_: None, info: Info, input: dict[str, Any]) -> dict[str, str | None]:
    """Put a file together of the parts that were sent. Of one that is given up the parts are freed by themselves."""
    upload = upload_by_id(person(info), input["artifactID"])
    if input["completeMultipartAction"] == "Abort":
        return {"digest": None}
    parts = _parts(input["completedParts"], "completedParts")
    return {"digest": complete_multipart_upload(upload.team, md5_of(input["uploadID"], "uploadID"), parts).md5}


@resolver_tables.mutation.field("commitArtifact")
def commit(_: None, info: Info, input: dict[str, Any]) -> dict[str, Version]:
    user = person(info)
    return {"artifact": uploads.commit_upload(upload_by_id(user, input["artifactID"]), by=user)}


@resolver_tables.mutation.field("useArtifact")
def use_artifact(_: None, info: Info, input: dict[str, Any]) -> dict[str, Version]:
    user = person(info)
    version = version_by_id(user, input["artifactID"])
    record_use(version, run_named(user, input["entityName"], input["projectName"], input["runName"], Role.MEMBER))
    return {"artifact": version}


def _digest(file: dict[str, Any]) -> str:
    return file.get("md5") or file.get("digest") or ""


def _multipart(upload: Upload, file: dict[str, Any], user: User) -> dict[str, Any] | None:
    """Say where each part is to be sent; None of a file that comes in one piece.

    The upload's id is the MD5 of the whole: it is checked when all parts have come.
    """
    if not file.get("uploadPartsInput"):
        return None
    parts = _parts(file["uploadPartsInput"], "uploadPartsInput")
    addresses = signed_links.part_urls(upload.team, parts, by=user, project=upload.collection.project_id)
    sent_to = [{"partNumber": number, "uploadUrl": address} for number, address in enumerate(addresses, start=1)]
    return {"uploadID": md5_of(_digest(file), "md5"), "uploadUrlParts": sent_to}


def _parts(sent: list[dict[str, Any]], field: str) -> list[str]:
    """Give the MD5 of each part, as the client says it or as the ETag that it got."""
    if len(sent) > MOST_PARTS:
        refuse(field, f"{len(sent)} parts; {MOST_PARTS} is the most. Make them larger.")
    numbers = [part["partNumber"] for part in sent]
    if not sent or numbers != list(range(1, len(sent) + 1)):
        refuse(field, f"The parts are numbered {quoted(numbers)}. Number them from 1 on, in order and without a gap.")
    return [md5_of(part["hexMD5"].strip('"'), f"{field}.{place}.hexMD5") for place, part in enumerate(sent)]


def _require_our_region(user: User, sent: dict[str, Any]) -> None:
    """Refuse any other, and note it on the run: a script that does not wait for its version hears nothing of it."""
    region = sent.get("storageRegion")
    if region in (None, "", OUR_REGION):
        return
    message = f"{quoted(region)} is no region of this Runbell. Leave out storage_region."
    run = _named_run(user, sent)
    if run is not None and may(user, run.project.team, Role.MEMBER):
        note_left_out_input(
            run, {"storage_region": f"The artifact {quoted(sent.get('artifactCollectionName'))}: {message}"}
        )
    refuse("storageRegion", message)


def _project(user: User, entity: str, name: str) -> Project:
    if name.startswith(REGISTRY_PREFIX):
        refuse("projectName", f"Versions are linked into the registry {name!r}, not logged to it. Use link_artifact.")
    return get_or_create_project(writable_team(user, entity), name)


def _draft(user: User, sent: dict[str, Any]) -> uploads.VersionDraft:
    metadata = read_json(sent.get("metadata"), "metadata")
    return uploads.VersionDraft(
        digest=sent["digest"],
        client_id=sent.get("clientID") or "",
        description=sent.get("description"),
        metadata={} if metadata is None else metadata,
        aliases=[alias["alias"] for alias in sent.get("aliases") or ()],
        tags=[tag["tagName"] for tag in sent.get("tags") or ()],
        history_step=sent.get("historyStep"),
        run=_named_run(user, sent),
        ttl_seconds=ttl_seconds_of(sent),
        distributed_id=sent.get("distributedID") or "",
    )


def _named_run(user: User, sent: dict[str, Any]) -> Run | None:
    if not sent.get("runName"):
        return None
    try:
        return run_named(user, sent["entityName"], sent["projectName"], sent["runName"])
    except Http404:
        # The run may have been deleted while its script went on.
        return None


def _manifest(upload: Upload, digest: str, user: User) -> dict[str, Any]:
    """Without a digest it is only announced, and nothing is to be sent yet."""
    address = uploads.announce_manifest(upload, digest, by=user) if digest else None
    file = {"of": upload, "id": global_id("ManifestFile", upload.pk), "uploadUrl": address, "uploadHeaders": []}
    return {"artifactManifest": {"of": upload, "id": id_of(upload), "file": file}}
