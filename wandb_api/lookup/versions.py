"""Lookup of versions and their files, as the SDK asks for them: by an id, or by the MD5 of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from artifacts.access import deleted_seen_by
from artifacts.models import Collection, DeletedArtifact, Entry, Upload, Version, VersionFile
from common.archived_rows import refuse_archived
from common.data.file_names import safe_file_name
from common.data.validation_errors import quoted
from common.hidden_rows import not_inside_hidden
from projects.file_storage import signed_links
from projects.file_storage.link_holders import LinkHolder
from projects.models import RunFile, StoredFile
from registries import access
from registries.models import RegistryRole
from teams.access import Visitor, in_teams_of, may, require, require_within
from teams.models import Role, User
from wandb_api.graphql.global_ids import global_id, kind_and_key
from wandb_api.lookup.projects import find_collection, find_sdk_project


@dataclass(frozen=True)
class NumberAlias:
    """A version's number in a collection, which W&B lists among its aliases. It is no row, and nobody moves it."""

    entry: Entry

    @property
    def name(self) -> str:
        return f"v{self.entry.index}"

    @property
    def collection(self) -> Collection:
        return self.entry.collection


def id_of(found: Version | Upload | DeletedArtifact) -> str:
    """A version has the id that stands in payloads too; what is only being sent has one of its own."""
    if isinstance(found, DeletedArtifact):
        return global_id("Artifact", found.version_id)
    return global_id("Artifact" if isinstance(found, Version) else "ArtifactUpload", found.pk)


def version_by_id(user: User, id: str) -> Version:
    """Give the version, also by the id it had when it was sent; 404 for what the person cannot see."""
    kind, key = kind_and_key(id)
    rows = access.versions_seen_by(user)
    found = {"Artifact": rows.filter(pk=key), "ArtifactUpload": rows.filter(uploads=key)}.get(kind, rows.none()).first()
    if found is None:
        raise _unknown(id)
    return found


def version_or_upload_by_id(user: User, id: str) -> Version | Upload:
    """Give the version, or what is being sent to whoever sends it: then it is none yet."""
    try:
        return version_by_id(user, id)
    except Http404:
        upload = upload_by_id(user, id)
        return upload.version or upload


def deleted_version(user: Visitor, id: str) -> DeletedArtifact | None:
    """Give what is kept of a version that is gone, to whoever could see it."""
    kind, key = kind_and_key(id)
    found = _deleted(user).filter(version_id=key).first()
    return found if kind == "Artifact" else None


def deleted_collection(user: Visitor, id: str) -> DeletedArtifact | None:
    """Give what is kept of a collection that is gone, to whoever could see it."""
    kind, key = kind_and_key(id)
    found = _deleted(user).filter(collection_id=key, version_id=None).first()
    return found if kind == "ArtifactCollection" else None


def may_delete(user: Visitor, gone: DeletedArtifact) -> bool:
    """Say whether who deletes it once more could have deleted it."""
    if gone.project is not None:
        return may(user, gone.project.team, Role.MEMBER)
    return any(access.may(user, registry, RegistryRole.MEMBER) for registry in gone.registries.all())


def _deleted(user: Visitor) -> QuerySet[DeletedArtifact]:
    return deleted_seen_by(user, access.registries_of(user))


def own_version(user: User, id: str) -> Version:
    """Give the version to whoever may change it where it was made."""
    found = version_by_id(user, id)
    require(user, found.team, Role.MEMBER)
    if found.collection.project is not None:
        refuse_archived(found.collection.project)
    return found


def upload_by_id(user: User, id: str) -> Upload:
    """Give what is being sent to whoever may send to its team."""
    kind, key = kind_and_key(id)
    rows = Upload.objects.select_related("collection__project__team__organization", "run", "version").filter(pk=key)
    found = in_teams_of(user, rows, "collection__project__team").first() if kind == "ArtifactUpload" else None
    if found is None:
        raise _unknown(id)
    assert found.collection.project is not None
    require_within(user, found.collection.project, Role.MEMBER)
    return found


def collection_by_id(user: User, id: str) -> Collection:
    """Give the collection; 404 for what the person cannot see."""
    kind, key = kind_and_key(id)
    found = access.collections_seen_by(user).filter(pk=key).first() if kind == "ArtifactCollection" else None
    if found is None:
        raise Http404(f"There is no collection with the id {quoted(id)}.")
    return found


def changeable_collection_by_id(user: User, id: str) -> Collection:
    found = collection_by_id(user, id)
    access.require_change(user, found)
    return found


def entry_in(collection: Collection, version: Version) -> Entry:
    found = Entry.objects.filter(collection=collection, version=version).select_related("version").first()
    if found is None:
        raise Http404(f"{version} is not in {collection}.")
    found.collection = collection
    return found


def content_by_md5(user: User, entity: str, project: str, collection: str, md5: str) -> StoredFile | None:
    """Give what a file of a version in the collection holds; None where it is not kept. 404 for what is not seen."""
    place = find_sdk_project(user, entity, project)
    found = find_collection(place, collection) if place is not None else None
    if found is None:
        raise Http404(f"There is no collection {collection!r} in {entity}/{project}.")
    files = VersionFile.objects.filter(version__entries__collection=found, content__md5=md5).select_related("content")
    file = files.first()
    return file.content if file is not None else None


def may_fetch(holder: LinkHolder, stored: StoredFile) -> bool:
    """Say whether the person of a link may still see what is stored: on its team, or through a registry.

    Asked of the team first: nearly all are. What is held by something that is being deleted alone is seen there by
    nobody.
    """
    if holder.may_fetch(stored.team_id) and _is_in_view(stored):
        return True
    user = holder.user()
    if user is None:
        return False
    holds_it = Q(manifest=stored) | Q(files__content=stored)
    return access.versions_seen_by(user).filter(holds_it).exists()


def _is_in_view(stored: StoredFile) -> bool:
    """Say whether a run, or a version where it was made, holds what is stored, and is not being deleted; or nothing."""
    of_runs, of_versions = RunFile.objects.filter(content=stored), Q(manifest=stored) | Q(files__content=stored)
    made = Version.all_rows.filter(of_versions)
    if not_inside_hidden(of_runs, "run__project__team").exists():
        return True
    shown = not_inside_hidden(made.filter(deletion=None), "collection__project__team")
    return shown.exists() or not (of_runs.exists() or made.exists())


def file_of(file: VersionFile, of: Version, *, by: Visitor) -> dict[str, Any]:
    """Give a file of the version as GraphQL says it. Where nothing is kept, its address says so."""
    name = safe_file_name(file.path)
    address = signed_links.download_url(file.content, name, by=by) if file.content else file.reference
    address = address or signed_links.missing_file_url(name)
    return {
        "of": of,
        "id": global_id("VersionFile", file.pk),
        "name": name,
        "displayName": name,
        "url": address,
        "directUrl": address,
        "sizeBytes": file.size,
        "storagePath": file.reference or name,
        "mimetype": None,
        "updatedAt": None,
        "digest": file.digest,
        "md5": None if file.reference else file.digest,
    }


def file_of_upload(
    upload: Upload, name: str, address: str | None, *, multipart: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Give a file that is to be sent to the address, or in parts; None where it is not."""
    return {
        "of": upload,
        "name": name,
        "displayName": name,
        "storagePath": name,
        "uploadUrl": address,
        # Of a file in parts the SDK wants to know its type.
        "uploadHeaders": ["Content-Type:application/octet-stream"] if multipart else [],
        "uploadMultipartUrls": multipart,
        "artifact": upload,
    }


def _unknown(id: str) -> Http404:
    return Http404(f"There is no artifact with the id {quoted(id)}, or it is not open to you.")
