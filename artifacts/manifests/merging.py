"""Merging of manifests: what several runs wrote together, or what adds to the newest version (incremental)."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from artifacts.manifests.parsing import Manifest, read_manifest
from projects.file_storage.services import store_file
from teams.models import Team


def merged_manifest(team: Team, manifests: Sequence[Manifest]) -> Manifest:
    """Store one manifest of all the files. Of two with the same path the later one counts."""
    contents: dict[str, Any] = {}
    for manifest in manifests:
        contents |= manifest.document["contents"]
    written = json.dumps({**manifests[-1].document, "contents": contents}).encode()
    return read_manifest(store_file(team, io.BytesIO(written), length=len(written)))


def manifest_digest(manifest: Manifest) -> str:
    """Give the digest of a version with these files, as the wandb SDK has it (`MANIFEST_MD5`)."""
    found = hashlib.md5(b"wandb-artifact-manifest-v1\n", usedforsecurity=False)
    for file in sorted(manifest.files, key=lambda file: file.path):
        found.update(f"{file.path}:{file.digest}\n".encode())
    return found.hexdigest()
