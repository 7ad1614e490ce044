"""What an outsider can guess or was once told: every name and id of the scene, for each argument of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from artifacts.models import Collection, Upload, Version
from teams.models import User
from tests.access.graph_scene import ORGANIZATIONS, Scene
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.versions import id_of

Arguments = Sequence[Mapping[str, Any]]


def guesses(scene: Scene) -> dict[str, Arguments]:
    """Give the arguments to try, by `Type.field` or by the name of a field."""
    teams, registries = [f"{name}zq-team" for name in ORGANIZATIONS], ["closedzq", "openzq"]
    registered = [f"wandb-registry-{name}" for name in registries]
    projects = [f"{name}zq-project" for name in ORGANIZATIONS]
    places = [{"entityName": team, "name": name} for team, name in zip(teams, projects, strict=True)]
    places += [{"entityName": owner, "name": name} for owner in ("org.northzq", "bluezq-team") for name in registered]
    made = [f"{name}zq-{kind}" for name in ORGANIZATIONS for kind in ("made", "portfolio", "lone")]
    collections = [*made, "closedzq-red", "closedzq-blue", "openzq-red", "openzq-blue"]
    entries = [f"{name}:v{number}" for name in collections for number in range(3)]
    people = list(User.objects.values_list("username", "email"))
    names = [f"{name}zq-v{number}-file.bin" for name in ORGANIZATIONS for number in range(3)]
    return {
        "Query.entity": _named([*teams, "org.northzq", "org.southzq"]),
        "Query.organization": _named(["northzq", "southzq"]),
        "Query.project": places,
        "Query.model": places,
        "Query.models": [{}, *({"entityName": name} for name in (*teams, "org.northzq"))],
        "Query.artifact": [{"id": id_of(one)} for one in (*Version.objects.all(), *Upload.objects.all())],
        "Query.artifactCollection": [
            {"id": global_id("ArtifactCollection", pk)} for pk in Collection.objects.values_list("pk", flat=True)
        ],
        "Query.clientIDMapping": [{"clientID": one} for one in Upload.objects.values_list("client_id", flat=True)],
        "Query.users": [{}, {"query": "zq"}, *({"query": word} for words in people for word in words)],
        "Entity.project": _named([*projects, *registered]),
        "Entity.artifactCollections": [{}, {"filters": '{"name": "openzq-blue"}'}],
        "Project.artifactType": _named([f"{name}zq-type" for name in ORGANIZATIONS]),
        "artifactCollection": _named(collections),
        "artifactSequence": _named(made),
        "artifact": _named(entries),
        "artifactCollectionMembership": _named(entries),
        "Artifact.artifactSequence": [{}],
        "ArtifactCollectionMembership.artifact": [{}],
        "run": _named([f"{name}zq-run" for name in ORGANIZATIONS]),
        "bucket": _named([f"{name}zq-run" for name in ORGANIZATIONS]),
        "artifactMembership": [{}, *({"aliasName": name} for name in ("v0", "v1", "v2", "digest-blue-2"))],
        "Artifact.files": [{}, {"names": names}],
        "Artifact.filesByManifestEntries": [
            {"storageLayout": "V2", "manifestVersion": "1", "entries": [{"name": one, "digest": "x"} for one in names]}
        ],
        "sampledHistory": [{"specs": ['{"keys": ["loss"]}']}],
        "featureFlags": [{"rampIDType": "OrgName"}],
    }  # fmt: skip


def _named(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
