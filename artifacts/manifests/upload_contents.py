"""What an upload becomes a version with: its own files, those of other runs (distributed), those of the newest version.

Read before the collection is locked, for it may be large and far away; so whoever locks asks whether it `is_stale`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from artifacts.manifests.merging import manifest_digest, merged_manifest
from artifacts.manifests.parsing import Manifest, manifest_at, read_manifest
from artifacts.models import Collection, Entry, ManifestType, Upload, Version
from common.data.database_clock import database_now
from common.data.validation_errors import UnderWay
from projects.file_storage.services import claim_files


@dataclass(frozen=True)
class UploadContents:
    """The files of a version to be, the uploads that brought them, and the version that they add to."""

    parts: list[Upload]
    manifest: Manifest
    digest: str
    base: Version | None = None
    is_merged: bool = False

    def is_stale(self, locked: Collection) -> bool:
        """Say whether a part or a version has come since."""
        if not self.is_merged:
            return False
        last = self.parts[-1]
        same_parts = [part.pk for part in _parts(last)] == [part.pk for part in self.parts]
        return not same_parts or (_adds(self.parts) and _newest(locked) != self.base)

    def put_into(self, upload: Upload) -> Upload:
        """Let the upload say what all of them say; where they differ, what it says itself."""
        upload.digest = self.digest
        said: dict[str, Any] = {}
        for part in [*self.parts, upload]:
            said |= part.metadata
        upload.metadata = said
        upload.aliases = list(dict.fromkeys(alias for part in self.parts for alias in part.aliases))
        upload.tags = list(dict.fromkeys(tag for part in self.parts for tag in part.tags))
        upload.description = upload.description or next((one.description for one in self.parts if one.description), "")
        if upload.ttl_seconds is None:
            upload.ttl_seconds = next((one.ttl_seconds for one in self.parts if one.ttl_seconds is not None), None)
        return upload


def contents_of(upload: Upload) -> UploadContents:
    """Read what was sent. Raises UnderWay while another run sends its part."""
    parts = _parts(upload)
    if parts == [upload] and upload.manifest_type != ManifestType.INCREMENTAL:
        return UploadContents(parts, manifest_at(upload.team, upload.manifest_md5), upload.digest)
    sent = _sent(parts, upload)
    base = _newest(upload.collection) if _adds(sent) else None
    manifests = [manifest_at(part.team, part.manifest_md5) for part in sent]
    if base is not None and base.manifest is not None:
        manifests.insert(0, read_manifest(base.manifest))
    manifest = merged_manifest(upload.team, manifests)
    return UploadContents(parts, manifest, manifest_digest(manifest), base, is_merged=True)


def _parts(upload: Upload) -> list[Upload]:
    """Give the uploads that become one version with this one, in the order in which they began."""
    if not upload.distributed_id:
        return [upload]
    rows = Upload.objects.filter(collection=upload.collection_id, distributed_id=upload.distributed_id, version=None)
    return list(rows.select_related("collection__project__team").order_by("pk"))


def _sent(parts: list[Upload], committed: Upload) -> list[Upload]:
    """Give the parts that have come, and the one that is committed in any case.

    One that has not may still come while its links live, but where its run began anew.
    """
    there = claim_files(committed.team, (part.manifest_md5 for part in parts if part.manifest_md5))
    sent = [part for part in parts if part.manifest_md5 in there or part == committed]
    links_live_since = database_now() - timedelta(seconds=settings.FILE_LINK_SECONDS)
    newest_of_run: dict[int | None, int] = {part.run_id: part.pk for part in parts if part.run_id is not None}
    waiting = [
        part
        for part in parts
        if part not in sent
        and part.created_at > links_live_since
        and newest_of_run.get(part.run_id, part.pk) == part.pk
    ]
    if waiting:
        raise UnderWay(
            f"{len(waiting)} of the {len(parts)} parts of {committed.distributed_id!r} are still being sent. Call "
            "finish_artifact when upsert_artifact(…).wait() has returned in each run, or choose another distributed_id."
        )
    return sent


def _adds(parts: Iterable[Upload]) -> bool:
    return any(part.manifest_type == ManifestType.INCREMENTAL for part in parts)


def _newest(collection: Collection) -> Version | None:
    rows = Entry.objects.filter(collection=collection).select_related("version__manifest").order_by("-index")
    found = rows.first()
    return found.version if found is not None else None
