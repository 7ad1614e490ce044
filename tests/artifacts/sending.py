"""How tests send a version, step by step, as a client does."""

from __future__ import annotations

import base64
import io
import json
from hashlib import md5
from typing import Any

from django.contrib.auth.models import AnonymousUser

from artifacts import uploads
from artifacts.models import Collection, Upload, Version
from projects.file_storage import services
from teams.models import Team


def b64_md5(content: bytes) -> str:
    return base64.b64encode(md5(content, usedforsecurity=False).digest()).decode()


def store(team: Team, content: bytes) -> None:
    services.store_file(team, io.BytesIO(content), length=len(content))


def manifest_of(files: dict[str, bytes], references: dict[str, str] | None = None) -> bytes:
    contents: dict[str, Any] = {path: {"digest": b64_md5(held), "size": len(held)} for path, held in files.items()}
    contents |= {path: {"digest": "etag", "ref": url, "size": 9} for path, url in (references or {}).items()}
    return json.dumps({"version": 1, "storagePolicy": "wandb-storage-policy-v1", "contents": contents}).encode()


def begun(collection: Collection, digest: str = "d1", **values: Any) -> Upload:
    return uploads.begin_upload(collection, uploads.VersionDraft(digest, **values))


def send_manifest(upload: Upload, manifest: bytes) -> None:
    uploads.announce_manifest(upload, b64_md5(manifest), by=AnonymousUser())
    store(upload.team, manifest)


def sent(collection: Collection, files: dict[str, bytes], digest: str = "d1", **values: Any) -> Version:
    """Send a whole version and commit it."""
    upload = begun(collection, digest, **values)
    for held in files.values():
        store(upload.team, held)
    send_manifest(upload, manifest_of(files))
    return uploads.commit_upload(upload)
