"""Uploads of artifact versions: begin, upload the files and their manifest, commit. Events come with the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from artifacts.manifests.parsing import Manifest, attach_files, md5_of
from artifacts.manifests.upload_contents import contents_of
from artifacts.models import Collection, Entry, ManifestType, Upload, Version
from artifacts.name_rules import check_metadata, checked_aliases, checked_tags
from artifacts.services import create_version, lock_collection
from artifacts.time_to_live import check_ttl, set_ttl
from common.data.validation_errors import UnderWay, refuse
from projects.file_storage import signed_links
from projects.file_storage.services import claim_files
from projects.models import Run
from teams.access import Visitor
from teams.models import Team, User

# How often what others commit meanwhile is read anew.
_TRIES = 10


@dataclass(frozen=True)
class VersionDraft:
    """What a client says of a version that it is going to send."""

    digest: str
    client_id: str = ""
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    history_step: int | None = None
    run: Run | None = None
    # 0: for good; None: as the team has it.
    ttl_seconds: int | None = None
    # What all runs say that write one version together; empty: nobody else does.
    distributed_id: str = ""


def begin_upload(collection: Collection, draft: VersionDraft, *, by: User | None = None) -> Upload:
    """Note what is coming. A digest that is there already is that version at once: it gets the aliases and tags.

    A repeat by the same `client_id` is the same upload. The digest of one of several parts says nothing of the whole.
    """
    check_metadata(draft.metadata)
    check_ttl(draft.ttl_seconds)
    values = {**vars(draft), "aliases": checked_aliases(draft.aliases), "tags": checked_tags(draft.tags)}
    with transaction.atomic():
        locked = lock_collection(collection)
        upload = _known(locked, draft) or Upload(collection=locked, created_by=by, **values)
        upload.collection = locked
        upload.clean_fields(exclude=["aliases", "tags", "metadata", "version", "run", "created_by", "history_step"])
        upload.save()
        if upload.version is None and _is_there(locked, draft.digest) and not draft.distributed_id:
            _become(upload, None, by)
        return upload


def upload_urls(team: Team, digests: Sequence[str], *, by: Visitor, project: int | None = None) -> list[str | None]:
    """Give where to send each file, in order; None for what is here already, and where contents are not kept."""
    wanted = [md5_of(digest, f"artifactFiles.{place}.md5") for place, digest in enumerate(digests)]
    if not settings.KEEPS_FILES:
        return [None for _ in wanted]
    there = claim_files(team, wanted)
    return [None if md5 in there else signed_links.upload_url(team, md5, by=by, project=project) for md5 in wanted]


def set_manifest_type(upload: Upload, kind: ManifestType) -> None:
    """Note what the list of files will be to the version."""
    Upload.objects.filter(pk=upload.pk, version=None).update(manifest_type=kind)
    upload.manifest_type = kind


def announce_manifest(upload: Upload, digest: str, *, by: Visitor) -> str:
    """Note the MD5 of the list of files, and give where to send it: it is kept always."""
    upload.manifest_md5 = md5_of(digest, "digest")
    upload.save(update_fields=["manifest_md5"])
    project = upload.collection.project_id
    return signed_links.upload_url(upload.team, upload.manifest_md5, by=by, project=project)


def commit_upload(upload: Upload, *, by: User | None = None) -> Version:
    """Make the version, and tell of it. A repeat gives the version that it became.

    Where several runs write it, all that they sent is in it; where it is incremental, the files of the newest version
    too. Raises UnderWay while a part is under way.
    """
    if upload.version is not None:
        return upload.version
    for _ in range(_TRIES):
        # Read outside the transaction: it may be large, and far away.
        contents = contents_of(upload)
        with transaction.atomic():
            locked = lock_collection(upload.collection)
            fresh = Upload.objects.select_related("version", "run", "collection__project__team").get(pk=upload.pk)
            if fresh.version is None and not contents.is_stale(locked):
                _become(contents.put_into(fresh), contents.manifest, by)
                Upload.objects.filter(pk__in=[part.pk for part in contents.parts]).update(version=fresh.version)
            if fresh.version is not None:
                return fresh.version
    raise UnderWay(f"Others add to {upload.collection} all the time. Try again.")


def _known(locked: Collection, draft: VersionDraft) -> Upload | None:
    if not draft.client_id:
        return None
    return Upload.objects.select_related("version").filter(collection=locked, client_id=draft.client_id).first()


def _is_there(locked: Collection, digest: str) -> bool:
    if locked.holds_links:
        refuse("collection", f"Versions are linked into {locked}, not made in it. Choose another collection.")
    return Entry.objects.filter(collection=locked, version__digest=digest).exists()


def _become(upload: Upload, manifest: Manifest | None, by: User | None) -> None:
    placed = create_version(
        upload.collection,
        upload.digest,
        upload.metadata,
        aliases=upload.aliases,
        tags=upload.tags,
        description=upload.description,
        run=upload.run,
        by=by,
    )
    upload.version = placed.entry.version
    upload.save(update_fields=["version"])
    if placed.created and manifest is not None:
        upload.version.history_step = upload.history_step
        upload.version.save(update_fields=["history_step"])
        attach_files(upload.version, manifest)
        if upload.ttl_seconds is not None:
            set_ttl(upload.version, upload.ttl_seconds)
