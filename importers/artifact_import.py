"""Write an imported artifact as a version: files copied, or as references to where they stay; lineage and links too."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction

from artifacts.lineage import record_use
from artifacts.manifests.merging import manifest_digest
from artifacts.manifests.parsing import read_manifest
from artifacts.models import Collection, Entry, Registry, Version
from artifacts.name_rules import LATEST, index_of
from artifacts.services import get_or_create_collection
from artifacts.uploads import VersionDraft, begin_upload, commit_upload
from common.processes.private_folder import is_ours
from events import past_events
from importers.imported_run import ImportedArtifact, ImportedFile, ImportedUse
from projects.file_storage.services import claim_files, store_file, store_run_file
from projects.models import Run, StoredFile
from projects.runs.files import register_files
from registries.services import DEFAULT_REGISTRY, link, make_default_registry
from teams.models import Team, User

_PIECE = 2**20


def import_artifact(run: Run, artifact: ImportedArtifact, *, at: datetime, by: User | None) -> int:
    """Make the version where there is none of these files; give how many are new, 0 or 1. Nobody is told.

    It is linked only when it is made: what people unlinked or moved here since stays so.
    """
    contents = {file.path: _entry(run.project.team, file) for file in artifact.files()}
    if not contents:
        return 0
    stored = _stored_manifest(run.project.team, contents)
    draft = VersionDraft(
        digest=manifest_digest(read_manifest(stored)), description=artifact.description, metadata=artifact.metadata,
        aliases=artifact.aliases, tags=artifact.tags, run=run if artifact.is_made else None,
    )  # fmt: skip
    with past_events.happened_at(at), transaction.atomic():
        collection, _created = get_or_create_collection(run.project, artifact.name, artifact.type)
        version = Version.objects.filter(collection=collection, digest=draft.digest).first()
        is_new = version is None
        if version is None:
            version = _make_version(collection, draft, stored, at=at, by=by)
            _link(version, artifact, by=by)
        elif artifact.is_made:
            # One that used it came first.
            Version.objects.filter(pk=version.pk, run=None).update(run=run)
        if artifact.is_used:
            record_use(version, run)
    return int(is_new)


def _make_version(
    collection: Collection, draft: VersionDraft, stored: StoredFile, *, at: datetime, by: User | None
) -> Version:
    upload = begin_upload(collection, draft, by=by)
    upload.manifest_md5 = stored.md5
    upload.save(update_fields=["manifest_md5"])
    version = commit_upload(upload, by=by)
    Version.objects.filter(pk=version.pk).update(created_at=at)
    Entry.objects.filter(version=version).update(created_at=at)
    return version


def _link(version: Version, artifact: ImportedArtifact, *, by: User | None) -> None:
    if not artifact.linked_to or version.collection.project is None:
        return
    organization = version.collection.project.team.organization
    make_default_registry(organization)
    registry = Registry.objects.get(organization=organization, name=DEFAULT_REGISTRY)
    link(version, registry, artifact.linked_to, aliases=artifact.link_aliases, tags=artifact.link_tags, by=by)


def import_use(run: Run, use: ImportedUse) -> bool:
    """Note that the run used the version of this name, where one of it is here; False where there is none."""
    name, _, which = use.name.partition(":")
    entries = Entry.objects.filter(collection__project=run.project, collection__name=name, collection__type=use.type)
    index = index_of(which)
    found = entries.filter(aliases__name=which or LATEST) if index is None else entries.filter(index=index)
    entry = found.select_related("version").first()
    if entry is not None:
        record_use(entry.version, run)
    return entry is not None


def _entry(team: Team, file: ImportedFile) -> dict[str, Any]:
    """Give the file's line of the manifest, as the wandb SDK writes it."""
    if file.content is None:
        return {"digest": file.digest or file.reference, "ref": file.reference, "size": file.size}
    md5, size = _measured(file.content)
    if settings.KEEPS_FILES and md5 not in claim_files(team, [md5]):
        with file.content.open("rb") as source:
            store_file(team, source, length=size, md5=md5)
    return {"digest": base64.b64encode(bytes.fromhex(md5)).decode(), "size": size}


def _measured(path: Path) -> tuple[str, int]:
    _refuse_unreadable(path)
    found, size = hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            found.update(piece)
            size += len(piece)
    return found.hexdigest(), size


def _refuse_unreadable(path: Path) -> None:
    """Refuse what a source may name and nobody's script has logged. Raises OSError."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file.")
    folders = [Path(location) for location in [getattr(storages["files"], "location", "")] if location]
    if is_ours(path, settings.DATA_DIR) or any(folder.resolve() in path.resolve().parents for folder in folders):
        raise PermissionError(f"{path} is of Runbell itself, and not imported.")


def _stored_manifest(team: Team, contents: dict[str, Any]) -> StoredFile:
    document = {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": dict(sorted(contents.items())),
    }
    text = json.dumps(document).encode()
    return store_file(team, io.BytesIO(text), length=len(text))


def import_run_file(run: Run, file: ImportedFile) -> bool:
    """Copy a file that was saved with the run; False where its content is here already."""
    if file.content is None:
        return False
    md5, size = _measured(file.content)
    if run.files.filter(name=file.path, md5=md5).exists():
        return False
    (registered,) = register_files(run, [file.path])
    if settings.KEEPS_FILES:
        with file.content.open("rb") as source:
            store_run_file(registered, source, length=size)
    return True


def files_below(folder: Path, *, by_reference: bool, below: str = "") -> Iterable[ImportedFile]:
    """Give every file below the folder by its path there, to be copied or named where it stays. No links."""
    # Nor is it one itself.
    if folder.is_symlink():
        return
    inside = sorted(Path(place, name) for place, _folders, names in os.walk(folder) for name in names)
    # A link may lead to any file of this machine.
    for path in (path for path in inside if path.is_file() and not path.is_symlink()):
        yield file_at(below + path.relative_to(folder).as_posix(), path, by_reference=by_reference)


def file_at(name: str, path: Path, *, by_reference: bool) -> ImportedFile:
    """Give the file under this name, to be copied or named where it stays."""
    if not by_reference:
        return ImportedFile(name, content=path)
    return ImportedFile(name, reference=path.resolve().as_uri(), digest=_state_of(path), size=path.stat().st_size)


def _state_of(path: Path) -> str:
    """Give what tells that a file which is not read has changed: as the wandb SDK does without a checksum."""
    stat = path.stat()
    return f"{path.resolve().as_uri()}@{stat.st_size}-{stat.st_mtime_ns}"
