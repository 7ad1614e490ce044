"""Versions, where they are, what they hold, and what is being sent."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from artifacts.lineage import used_by
from artifacts.models import Alias, Entry, Upload, Version, VersionFile
from projects.models import Run
from projects.stored import links
from teams.access import in_teams_of
from teams.models import User
from wandb_api import binding, pages
from wandb_api.artifact_types import TypeIn
from wandb_api.caller import Info, person, visitor
from wandb_api.ids import global_id
from wandb_api.versions import NumberAlias, file_of, id_of, version_by_id

Artifact = Version | Upload

artifact = binding.of("Artifact")
artifact.attributes(
    artifactSequence="collection",
    historyStep="history_step",
    digest="digest",
    createdAt="created_at",
    metadata="metadata",
)
artifact.always(
    # No version is deleted by its age: -2 says that there is no such time.
    ttlDurationSeconds=-2,
    ttlIsInherited=True,
    digestAlgorithm="MANIFEST_MD5",
    updatedAt=None,
)
artifact.field("id")(lambda found, *_: id_of(found))
binding.name_as(Version, "Artifact")
binding.name_as(Upload, "Artifact")

membership = binding.of("ArtifactCollectionMembership")
membership.attributes(versionIndex="index", createdAt="created_at", artifactCollection="collection", artifact="version")


@binding.query.field("artifact")
def find(_: None, info: Info, id: str) -> Version:
    return version_by_id(person(info), id)


@binding.query.field("clientIDMapping")
def client_id_mapping(_: None, info: Info, clientID: str) -> dict[str, Any] | None:
    """Say what became of what a client calls so."""
    rows = Upload.objects.filter(client_id=clientID).select_related("version").order_by("-pk")
    found = in_teams_of(person(info), rows, "collection__project__team").first()
    return {"serverID": id_of(found.version or found)} if found is not None else None


@artifact.field("versionIndex")
def index(found: Artifact, *_: object) -> int | None:
    return found.index if isinstance(found, Version) else None


@artifact.field("artifactType")
def type_of(found: Artifact, *_: object) -> TypeIn:
    return TypeIn(found.collection.owner, found.collection.type, found.collection.created_at)


@artifact.field("description")
def description(found: Artifact, *_: object) -> str | None:
    return found.description or None


@artifact.field("tags")
def tags(found: Artifact, info: Info) -> list[dict[str, str]]:
    """Those it has in any collection that the person may see: the SDK knows them of the version alone."""
    names = {name for entry in _entries(found, info) for name in entry.tag_names}
    return [{"id": global_id("Tag", name), "name": name} for name in sorted(names)]


@artifact.field("aliases")
def aliases(found: Artifact, info: Info) -> list[Alias | NumberAlias]:
    """Those of each collection, and its number there: the SDK reads it from here, and shows it as no alias."""
    said: list[Alias | NumberAlias] = []
    for entry in _entries(found, info):
        said += [*_aliases(entry), NumberAlias(entry)]
    return said


@artifact.field("state")
def state(found: Artifact, *_: object) -> str:
    return "COMMITTED" if isinstance(found, Version) or found.version is not None else "PENDING"


@artifact.field("commitHash")
def commit_hash(found: Artifact, *_: object) -> str | None:
    """Give a name of the version that no other one has, wherever its collection is moved or what it is called."""
    if not isinstance(found, Version):
        return None
    return sha256(f"{found.pk}:{found.digest}".encode()).hexdigest()[:40]


@artifact.field("size")
def size(found: Artifact, *_: object) -> int:
    return found.size if isinstance(found, Version) else 0


@artifact.field("fileCount")
def file_count(found: Artifact, *_: object) -> int:
    return found.file_count if isinstance(found, Version) else 0


@artifact.field("currentManifest")
def manifest(found: Artifact, *_: object) -> dict[str, Any] | None:
    """Nothing of a version that came over REST: it lists no files."""
    if not isinstance(found, Version) or found.manifest is None:
        return None
    address = links.to_fetch(found.manifest, "wandb_manifest.json")
    return {
        "id": global_id("ArtifactManifest", found.pk),
        "file": {"id": global_id("StoredFile", found.manifest_id), "directUrl": address, "url": address},
    }


@artifact.field("createdBy")
def created_by(found: Artifact, info: Info) -> Run | User | None:
    run = found.run
    if run is not None and info.context.sees(found.collection):
        return run
    return found.created_by if run is None else None


@artifact.field("usedBy")
def used(found: Artifact, info: Info) -> dict[str, Any]:
    """The runs that the person may see."""
    rows: QuerySet[Run] = used_by(found) if isinstance(found, Version) else Run.objects.none()
    rows = rows.select_related("project__team__organization", "user")
    return pages.whole(in_teams_of(visitor(info), rows, "project__team"))


@artifact.field("artifactMemberships")
def memberships(found: Artifact, info: Info) -> dict[str, Any]:
    return pages.whole(_entries(found, info))


@artifact.field("files")
def files(
    found: Artifact, info: Info, names: list[str] | None = None, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    return _files(found, names, after, first)


@artifact.field("filesByManifestEntries")
def files_by_entries(found: Artifact, info: Info, entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
    return _files(found, [entry["name"] for entry in entries], None, pages.MOST)


@membership.field("id")
def id_of_entry(found: Entry, *_: object) -> str:
    return global_id("ArtifactCollectionMembership", found.pk)


@membership.field("aliases")
def aliases_there(found: Entry, *_: object) -> list[Alias]:
    return _aliases(found)


@membership.field("files")
def files_there(
    found: Entry, info: Info, names: list[str] | None = None, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    return _files(found.version, names, after, first)


def _entries(found: Artifact, info: Info) -> list[Entry]:
    """Where the version is, as far as the person may see: first where it was made."""
    if not isinstance(found, Version):
        return []
    entries = [entry for entry in found.entries.all() if info.context.sees(entry.collection)]
    return sorted(entries, key=lambda entry: (entry.collection_id != found.collection_id, entry.pk))


def _aliases(entry: Entry) -> list[Alias]:
    found = sorted(entry.aliases.all(), key=lambda alias: alias.pk)
    for alias in found:
        alias.collection = entry.collection
    return found


def _files(found: Artifact, names: list[str] | None, after: str | None, first: int | None) -> dict[str, Any]:
    rows = VersionFile.objects.filter(version=found) if isinstance(found, Version) else VersionFile.objects.none()
    rows = rows.filter(path__in=names) if names else rows
    rows = rows.select_related("content").order_by("path")
    return pages.page(rows, first=first, after=after, edge=lambda file: {"node": file_of(file)})
