"""GraphQL resolvers of versions (`Artifact`): where they are, what they hold, and what is being sent."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from artifacts.access import shown_run
from artifacts.lineage import runs_using
from artifacts.models import Alias, Collection, DeletedArtifact, Entry, Upload, Version, VersionFile
from common.data.file_names import stored_names
from projects.file_storage import signed_links
from projects.models import Run
from teams.access import in_teams_of
from teams.models import User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person, visitor
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.partial_objects import Partial, tells
from wandb_api.lookup.artifact_types import SdkArtifactType
from wandb_api.lookup.versions import NumberAlias, deleted_version, file_of, id_of, version_or_upload_by_id
from wandb_api.resolvers.artifacts.collections import partly_told

Artifact = Version | Upload
# Of a version that is gone.
DELETED = tells("{ id state digest versionIndex artifactSequence }")
USER_NAME = tells("{ username }")
# As the SDK says that a version is kept for good; -1 is "as the team has it".
NO_TTL, INHERITED_TTL = -2, -1

artifact = resolver_tables.table_of("Artifact")
artifact.attributes(
    historyStep="history_step",
    digest="digest",
    createdAt="created_at",
    metadata="metadata",
)
artifact.always(
    digestAlgorithm="MANIFEST_MD5",
    updatedAt=None,
)
artifact.field("id")(lambda found, *_: id_of(found))
resolver_tables.register_typename(Version, "Artifact")
resolver_tables.register_typename(Upload, "Artifact")

membership = resolver_tables.table_of("ArtifactCollectionMembership")
membership.attributes(versionIndex="index", createdAt="created_at", artifactCollection="collection", artifact="version")


@resolver_tables.query.field("artifact")
def find(_: None, info: Info, id: str) -> Artifact | Partial:
    """Give what is only being sent too: `upsert_artifact(…).wait()` asks for it. What was deleted says so."""
    user = person(info)
    gone = deleted_version(user, id)
    return version_or_upload_by_id(user, id) if gone is None else Partial(gone, DELETED, "Artifact")


@resolver_tables.query.field("clientIDMapping")
def client_id_mapping(_: None, info: Info, clientID: str) -> dict[str, Any] | None:
    """Say what became of what a client calls so."""
    rows = Upload.objects.filter(client_id=clientID).select_related("version").order_by("-pk")
    found = in_teams_of(person(info), rows, "collection__project__team").first()
    return {"serverID": id_of(found.version or found)} if found is not None else None


@artifact.field("ttlDurationSeconds")
def ttl(found: Artifact, *_: object) -> int:
    return found.ttl_seconds or NO_TTL


@artifact.field("ttlIsInherited")
def ttl_is_inherited(found: Artifact, *_: object) -> bool:
    return found.ttl_is_inherited if isinstance(found, Version) else found.ttl_seconds is None


@artifact.field("artifactSequence")
def sequence(found: Artifact | DeletedArtifact, *_: object) -> Collection | Partial:
    """Where it was made, which may be gone as well."""
    if isinstance(found, DeletedArtifact):
        return Collection.objects.filter(pk=found.collection_id).first() or partly_told(found)
    return found.collection


@artifact.field("versionIndex")
def index(found: Artifact | DeletedArtifact, *_: object) -> int | None:
    if isinstance(found, DeletedArtifact):
        return found.version_index
    return found.index if isinstance(found, Version) else None


@artifact.field("artifactType")
def type_of(found: Artifact, *_: object) -> SdkArtifactType:
    return SdkArtifactType(found.collection.owner, found.collection.type, found.collection.created_at)


@artifact.field("description")
def description(found: Artifact, *_: object) -> str | None:
    return found.description


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
def state(found: Artifact | DeletedArtifact, *_: object) -> str:
    if isinstance(found, DeletedArtifact):
        return "DELETED"
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
def manifest(found: Artifact, info: Info) -> dict[str, Any] | None:
    """Nothing of a version that came over REST: it lists no files."""
    if not isinstance(found, Version) or found.manifest is None:
        return None
    address = signed_links.download_url(found.manifest, "wandb_manifest.json", by=visitor(info))
    return {
        "of": found,
        "id": global_id("ArtifactManifest", found.pk),
        "file": {"of": found, "id": global_id("StoredFile", found.manifest_id), "directUrl": address, "url": address},
    }


@artifact.field("createdBy")
def created_by(found: Artifact, info: Info) -> Run | User | Partial | None:
    """The run, or the person; of somebody on none of the caller's teams the user name alone."""
    run = shown_run(found) if isinstance(found, Version) else found.run
    if run is not None and info.context.sees(found.collection):
        return run
    maker = found.created_by or (run.user if run is not None else None)
    return maker if maker is None or maker.pk in info.context.mates else Partial(maker, USER_NAME, "User")


@artifact.field("usedBy")
def used(found: Artifact, info: Info) -> connections.RelayPage:
    """The runs that the person may see."""
    rows: QuerySet[Run] = runs_using(found) if isinstance(found, Version) else Run.objects.none()
    rows = rows.select_related("project__team__organization", "user")
    return connections.whole_page(in_teams_of(visitor(info), rows, "project__team"))


@artifact.field("artifactMemberships")
def memberships(found: Artifact, info: Info) -> connections.RelayPage:
    return connections.whole_page(_entries(found, info))


@artifact.field("files")
def files(
    found: Artifact, info: Info, names: list[str] | None = None, after: str | None = None, first: int | None = None
) -> connections.RelayPage:
    return _files(info, found, names, after, first)


@artifact.field("filesByManifestEntries")
def files_by_entries(
    found: Artifact, info: Info, entries: list[dict[str, Any]] | None = None, **_: Any
) -> connections.RelayPage:
    return _files(info, found, [entry["name"] for entry in entries or ()], None, connections.MOST)


@membership.field("id")
def id_of_entry(found: Entry, *_: object) -> str:
    return global_id("ArtifactCollectionMembership", found.pk)


@membership.field("aliases")
def aliases_there(found: Entry, *_: object) -> list[Alias]:
    return _aliases(found)


@membership.field("files")
def files_there(
    found: Entry, info: Info, names: list[str] | None = None, after: str | None = None, first: int | None = None
) -> connections.RelayPage:
    return _files(info, found.version, names, after, first)


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


def _files(
    info: Info, found: Artifact, names: list[str] | None, after: str | None, first: int | None
) -> connections.RelayPage:
    if not isinstance(found, Version):
        return connections.page([], first=first, after=after)
    rows = VersionFile.objects.filter(version=found)
    rows = rows.filter(path__in=stored_names(names, rows.values_list("path", flat=True))) if names else rows
    rows = rows.select_related("content").order_by("path")
    return connections.page(
        rows,
        first=first,
        after=after,
        edge=lambda file: {"node": file_of(file, found, by=visitor(info))},
    )
